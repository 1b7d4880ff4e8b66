// The sample payments team: a gateway that works and a ledger that crashes, with logs that say why. YAML, applied at start.

/** Namespace payments. */
export const PAYMENTS = `
apiVersion: v1
kind: Secret
metadata: {name: ledger-db, namespace: payments}
type: Opaque
stringData: {username: ledger, password: fake-demo-ledger-password-new, password-old: fake-demo-ledger-password-old}
---
apiVersion: v1
kind: Secret
metadata: {name: provider, namespace: payments}
type: Opaque
stringData: {client-id: demo-merchant, client-secret: fake-demo-provider-secret-Zt5u8}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: runbook, namespace: payments}
data: {ledger.md: "If the ledger cannot log in to its database, compare the Secret key it reads with the one last rotated."}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: payments, labels: {app: gateway}}
spec:
  replicas: 2
  selector: {matchLabels: {app: gateway}}
  template:
    metadata: {labels: {app: gateway}}
    spec:
      containers:
      - name: gateway
        image: registry.demo.invalid/payments/gateway:3.2.0
        ports: [{name: http, containerPort: 8080}]
        env:
        - {name: PROVIDER_SECRET, valueFrom: {secretKeyRef: {name: provider, key: client-secret}}}
      - name: cache
        image: registry.demo.invalid/redis:7
        ports: [{name: redis, containerPort: 6379}]
---
apiVersion: v1
kind: Service
metadata: {name: gateway, namespace: payments, labels: {app: gateway}}
spec: {selector: {app: gateway}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger, namespace: payments, labels: {app: ledger}}
spec:
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      containers:
      - name: ledger
        image: registry.demo.invalid/payments/ledger:0.14.2
        ports: [{name: http, containerPort: 8080}]
        env:
        - {name: LEDGER_DB_PASSWORD, valueFrom: {secretKeyRef: {name: ledger-db, key: password-old}}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: compute, namespace: payments}
spec: {hard: {pods: "20", requests.cpu: "4", limits.memory: 8Gi}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: defaults, namespace: payments}
spec: {limits: [{type: Container, default: {memory: 256Mi}, defaultRequest: {cpu: 50m}}]}
`
