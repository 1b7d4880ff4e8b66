// The sample shop: workloads, configuration and secrets. Every value is made up and says so. YAML, applied at start.

/** Namespace shop. */
export const SHOP = `
apiVersion: v1
kind: Secret
metadata: {name: db-credentials, namespace: shop, labels: {app: db}}
type: Opaque
stringData:
  username: shop
  password: fake-demo-db-password-Hq7w2Lx9
  url: postgres://shop:fake-demo-db-password-Hq7w2Lx9@db.shop.svc:5432/shop
---
apiVersion: v1
kind: Secret
metadata: {name: api-keys, namespace: shop, labels: {app: api}}
type: Opaque
stringData:
  PAYMENT_API_KEY: fake-demo-payment-key-4eC39HqLyjWDarjtT1
  SESSION_SECRET: fake-demo-session-secret-b7a1f0c29d
  JWT_SIGNING_KEY: fake-demo-jwt-key-please-ignore-5577
---
apiVersion: v1
kind: Secret
metadata: {name: web-tls, namespace: shop}
type: kubernetes.io/tls
stringData:
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    RkFLRSBDRVJUSUZJQ0FURSBGT1IgVEhFIFNBTExZUE9SVCBERU1PLiBGQUtFIENF
    UlRJRklDQVRFIEZPUiBUSEUgU0FMTFlQT1JUIERFTU8uIEZBS0UgQ0VSVElGSUNB
    VEUgRk9SIFRIRSBTQUxMWVBPUlQgREVNTy4gRkFLRSBDRVJUSUZJQ0FURSBGT1Ig
    VEhFIFNBTExZUE9SVCBERU1PLiBGQUtFIENFUlRJRklDQVRFIEZPUiBUSEUgU0FM
    -----END CERTIFICATE-----
  tls.key: |
    -----BEGIN PRIVATE KEY-----
    RkFLRSBLRVkgRk9SIFRIRSBTQUxMWVBPUlQgREVNTyAtIE5PVCBBIEtFWS4gRkFL
    RSBLRVkgRk9SIFRIRSBTQUxMWVBPUlQgREVNTyAtIE5PVCBBIEtFWS4gRkFLRSBL
    RVkgRk9SIFRIRSBTQUxMWVBPUlQgREVNTyAtIE5PVCBBIEtFWS4gRkFLRSBLRVkg
    Rk9SIFRIRSBTQUxMWVBPUlQgREVNTyAtIE5PVCBBIEtFWS4gRkFLRSBLRVkgRk9S
    -----END PRIVATE KEY-----
---
apiVersion: v1
kind: Secret
metadata: {name: registry-login, namespace: shop}
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths":{"registry.demo.invalid":{"username":"demo","password":"fake-demo-registry-password","auth":"ZGVtbzpmYWtlLWRlbW8tcmVnaXN0cnktcGFzc3dvcmQ="}}}'
---
apiVersion: v1
kind: Secret
metadata: {name: admin-login, namespace: shop}
type: kubernetes.io/basic-auth
stringData: {username: shop-admin, password: fake-demo-admin-password-42}
---
apiVersion: v1
kind: Secret
metadata:
  name: legacy-token
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"v1","kind":"Secret","metadata":{"annotations":{},"name":"legacy-token","namespace":"shop"},"stringData":{"token":"fake-demo-legacy-token-0f1e2d3c4b5a"},"type":"Opaque"}
type: Opaque
stringData: {token: fake-demo-legacy-token-0f1e2d3c4b5a}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web-config, namespace: shop}
data:
  LOG_LEVEL: info
  FEATURE_NEW_CART: "true"
  nginx.conf: |
    server {
      listen 8080;
      location / { root /usr/share/web; }
      location /api { proxy_pass http://api:8080; }
    }
---
apiVersion: v1
kind: ConfigMap
metadata: {name: api-config, namespace: shop}
data: {LOG_LEVEL: info, DB_HOST: db.shop.svc, CACHE_HOST: cache.shop.svc, REGION: demo-1}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: api, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: config-reader, namespace: shop}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: api-reads-config, namespace: shop}
roleRef: {kind: Role, name: config-reader}
subjects: [{kind: ServiceAccount, name: api, namespace: shop}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web, tier: frontend}, annotations: {kubernetes.io/change-cause: "web 2.4.1"}}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: frontend}}
    spec:
      imagePullSecrets: [{name: registry-login}]
      containers:
      - name: web
        image: registry.demo.invalid/shop/web:2.4.1
        ports: [{name: http, containerPort: 8080}]
        envFrom: [{configMapRef: {name: web-config}}]
        resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 128Mi}}
        readinessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 5}
        volumeMounts:
        - {name: config, mountPath: /etc/web}
        - {name: tls, mountPath: /etc/tls, readOnly: true}
      volumes:
      - {name: config, configMap: {name: web-config}}
      - {name: tls, secret: {secretName: web-tls}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: demo
  tls: [{hosts: [shop.demo.invalid], secretName: web-tls}]
  rules: [{host: shop.demo.invalid, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop, labels: {app: api, tier: backend}}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api, tier: backend}}
    spec:
      serviceAccountName: api
      containers:
      - name: api
        image: registry.demo.invalid/shop/api:5.0.3
        ports: [{name: http, containerPort: 8080}]
        env:
        - {name: DATABASE_URL, valueFrom: {secretKeyRef: {name: db-credentials, key: url}}}
        - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        envFrom: [{configMapRef: {name: api-config}}, {secretRef: {name: api-keys}}]
        resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 500m, memory: 256Mi}}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {selector: {app: api}, ports: [{name: http, port: 8080, targetPort: http}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: shop}
spec: {minReplicas: 2, maxReplicas: 6, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: shop, labels: {app: checkout, tier: backend}}
spec:
  replicas: 2
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout, tier: backend}}
    spec:
      containers:
      - name: checkout
        image: registry.demo.invalid/shop/checkout:1.9.0
        ports: [{name: http, containerPort: 8080}]
        env:
        - {name: DB_USER, valueFrom: {secretKeyRef: {name: db-credentials, key: username}}}
        - {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: db-credentials, key: password}}}
        volumeMounts: [{name: db, mountPath: /var/run/secrets/db, readOnly: true}]
      volumes: [{name: db, secret: {secretName: db-credentials}}]
---
apiVersion: v1
kind: Service
metadata: {name: checkout, namespace: shop, labels: {app: checkout}}
spec: {selector: {app: checkout}, ports: [{name: http, port: 8080, targetPort: http}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: checkout, namespace: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: checkout}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop, labels: {app: db}}
spec:
  serviceName: db
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
      - name: postgres
        image: registry.demo.invalid/postgres:16
        ports: [{name: postgres, containerPort: 5432}]
        env:
        - {name: POSTGRES_USER, valueFrom: {secretKeyRef: {name: db-credentials, key: username}}}
        - {name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: db-credentials, key: password}}}
        volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: postgres, port: 5432, targetPort: postgres}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate-5-0-3, namespace: shop, labels: {app: migrate}}
spec:
  template:
    metadata: {labels: {app: migrate}}
    spec:
      restartPolicy: Never
      containers:
      - name: migrate
        image: registry.demo.invalid/shop/jobs:5.0.3
        command: [sh, -c, 'echo "migrate: 3 pending migrations"; echo "migrate: applied 0017_orders_index"; echo "migrate: applied 0018_cart_ttl"; echo "migrate: applied 0019_audit"; echo "migrate: done"']
        env: [{name: DATABASE_URL, valueFrom: {secretKeyRef: {name: db-credentials, key: url}}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly-report, namespace: shop}
spec:
  schedule: "*/15 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: OnFailure
          containers:
          - name: report
            image: registry.demo.invalid/shop/jobs:5.0.3
            command: [sh, -c, 'echo "report: orders=128 revenue=4210.50 EUR"; date']
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db-from-backend, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {tier: backend}}}], ports: [{port: 5432}]}]}
`
