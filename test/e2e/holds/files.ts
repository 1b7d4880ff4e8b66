// Manifests the suite applies. In: names, images. Out: YAML. No I/O.

/** Nothing runs there: what is counted is objects, not containers. */
const NOWHERE = 'nodeSelector: {sallyport-e2e: nowhere}'

export const config = (name: string, colour: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}}
data: {colour: ${colour}}
`

export const deployment = (name: string, image: string, replicas: number, more = ''): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      ${NOWHERE}
      containers:
      - name: app
        image: ${image}
${more}`

/** A pod that runs until it is deleted. */
export const pod = (name: string, image: string, script: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: ${image}
    imagePullPolicy: IfNotPresent
    command: [sh, -c, '${script}']
`

/** A pod of the demo that answers on port 80. */
const serving = (name: string, image: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  containers: [{name: main, image: "${image}", ports: [{name: http, containerPort: 80}]}]
`

/** A pod that is made to be refused. */
export const idlePod = (name: string, image: string, spec = '', container = ''): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  ${NOWHERE}
${spec}  containers:
  - name: main
    image: ${image}
${container}`

export const BOX = 'localhost/busybox:1'
const SLEEP = 'while :; do sleep 1; done'

/** What rows of every group work on, made by the cluster's administrator. */
export const SETUP = (image: string, real: boolean): string =>
  [
    pod('box', BOX, SLEEP),
    real
      ? pod('talker', BOX, 'i=0; while :; do i=$((i+1)); echo "talk $i"; sleep 1; done')
      : pod('talker', 'registry.demo.invalid/shop/api:5', 'serve'),
    ...['kept-a', 'kept-b', 'kept-c', 'edited', 'replaced', 'doomed', 'late', 'moved', 'moved-too'].map((name) =>
      config(name, 'blue'),
    ),
    ...['scaled', 'imaged', 'web'].map((name) => deployment(name, image, 1)),
    idlePod('doomed', image),
    `
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {password: not-a-real-one-1234}
`,
    ...(real ? [] : [serving('served', image)]),
  ].join('---')
