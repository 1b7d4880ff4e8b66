// The fields of the Kubernetes types outside core/v1 as compact tables, one per package; schema.ts says how a line is read.
// Names, protobuf tags and merge keys are those of the Kubernetes API (Apache-2.0). Data only.

/** Types of package k8s.io/apimachinery/pkg/apis/meta/v1. */
export const META = `
Condition: 1 type string!; 2 status string!; 3 observedGeneration int64; 4 lastTransitionTime Time!; 5 reason string!; 6 message string!
DeleteOptions: 1 gracePeriodSeconds int64; 2 preconditions Preconditions; 3 orphanDependents bool; 4 propagationPolicy string; 5 dryRun []string
LabelSelector %atomic: 1 matchLabels {}string; 2 matchExpressions []LabelSelectorRequirement
LabelSelectorRequirement: 1 key string!; 2 operator string!; 3 values []string
ListMeta: 1 selfLink string; 2 resourceVersion string; 3 continue string; 4 remainingItemCount int64
ManagedFieldsEntry: 1 manager string; 2 operation string; 3 apiVersion string; 4 time Time; 6 fieldsType string; 7 fieldsV1 FieldsV1; 8 subresource string
ObjectMeta: 1 name string; 2 generateName string; 3 namespace string; 4 selfLink string; 5 uid string; 6 resourceVersion string; 7 generation int64; 8 creationTimestamp Time; 9 deletionTimestamp Time; 10 deletionGracePeriodSeconds int64; 11 labels {}string; 12 annotations {}string; 13 ownerReferences []OwnerReference @uid; 14 finalizers []string @; 17 managedFields []ManagedFieldsEntry
OwnerReference: 5 apiVersion string!; 1 kind string!; 3 name string!; 4 uid string!; 6 controller bool; 7 blockOwnerDeletion bool
Preconditions: 1 uid string; 2 resourceVersion string
Status: 1 metadata ListMeta; 2 status string; 3 message string; 4 reason string; 5 details StatusDetails; 6 code int32
StatusCause: 1 reason string; 2 message string; 3 field string
StatusDetails: 1 name string; 2 group string; 3 kind string; 6 uid string; 4 causes []StatusCause; 5 retryAfterSeconds int32
`

/** Types of the other API packages by the OpenAPI prefix of their names. */
export const GROUPS: Readonly<Record<string, string>> = {
  'io.k8s.api.apps.v1': `
ControllerRevision: 1 metadata meta.ObjectMeta; 2 data RawExtension; 3 revision int64!
DaemonSet: 1 metadata meta.ObjectMeta; 2 spec DaemonSetSpec; 3 status DaemonSetStatus
DaemonSetCondition: 1 type string!; 2 status string!; 3 lastTransitionTime Time; 4 reason string; 5 message string
DaemonSetSpec: 1 selector meta.LabelSelector!; 2 template core.PodTemplateSpec!; 3 updateStrategy DaemonSetUpdateStrategy; 4 minReadySeconds int32; 6 revisionHistoryLimit int32
DaemonSetStatus: 1 currentNumberScheduled int32!; 2 numberMisscheduled int32!; 3 desiredNumberScheduled int32!; 4 numberReady int32!; 5 observedGeneration int64; 6 updatedNumberScheduled int32; 7 numberAvailable int32; 8 numberUnavailable int32; 9 collisionCount int32; 10 conditions []DaemonSetCondition @type
DaemonSetUpdateStrategy: 1 type string; 2 rollingUpdate RollingUpdateDaemonSet
Deployment: 1 metadata meta.ObjectMeta; 2 spec DeploymentSpec; 3 status DeploymentStatus
DeploymentCondition: 1 type string!; 2 status string!; 6 lastUpdateTime Time; 7 lastTransitionTime Time; 4 reason string; 5 message string
DeploymentSpec: 1 replicas int32; 2 selector meta.LabelSelector!; 3 template core.PodTemplateSpec!; 4 strategy DeploymentStrategy +retain; 5 minReadySeconds int32; 6 revisionHistoryLimit int32; 7 paused bool; 9 progressDeadlineSeconds int32
DeploymentStatus: 1 observedGeneration int64; 2 replicas int32; 3 updatedReplicas int32; 7 readyReplicas int32; 4 availableReplicas int32; 5 unavailableReplicas int32; 6 conditions []DeploymentCondition @type; 8 collisionCount int32
DeploymentStrategy: 1 type string; 2 rollingUpdate RollingUpdateDeployment
ReplicaSet: 1 metadata meta.ObjectMeta; 2 spec ReplicaSetSpec; 3 status ReplicaSetStatus
ReplicaSetCondition: 1 type string!; 2 status string!; 3 lastTransitionTime Time; 4 reason string; 5 message string
ReplicaSetSpec: 1 replicas int32; 4 minReadySeconds int32; 2 selector meta.LabelSelector!; 3 template core.PodTemplateSpec
ReplicaSetStatus: 1 replicas int32!; 2 fullyLabeledReplicas int32; 4 readyReplicas int32; 5 availableReplicas int32; 3 observedGeneration int64; 6 conditions []ReplicaSetCondition @type
RollingUpdateDaemonSet: 1 maxUnavailable IntOrString; 2 maxSurge IntOrString
RollingUpdateDeployment: 1 maxUnavailable IntOrString; 2 maxSurge IntOrString
RollingUpdateStatefulSetStrategy: 1 partition int32; 2 maxUnavailable IntOrString
StatefulSet: 1 metadata meta.ObjectMeta; 2 spec StatefulSetSpec; 3 status StatefulSetStatus
StatefulSetCondition: 1 type string!; 2 status string!; 3 lastTransitionTime Time; 4 reason string; 5 message string
StatefulSetOrdinals: 1 start int32
StatefulSetPersistentVolumeClaimRetentionPolicy: 1 whenDeleted string; 2 whenScaled string
StatefulSetSpec: 1 replicas int32; 2 selector meta.LabelSelector!; 3 template core.PodTemplateSpec!; 4 volumeClaimTemplates []core.PersistentVolumeClaim; 5 serviceName string!; 6 podManagementPolicy string; 7 updateStrategy StatefulSetUpdateStrategy; 8 revisionHistoryLimit int32; 9 minReadySeconds int32; 10 persistentVolumeClaimRetentionPolicy StatefulSetPersistentVolumeClaimRetentionPolicy; 11 ordinals StatefulSetOrdinals
StatefulSetStatus: 1 observedGeneration int64; 2 replicas int32!; 3 readyReplicas int32; 4 currentReplicas int32; 5 updatedReplicas int32; 6 currentRevision string; 7 updateRevision string; 9 collisionCount int32; 10 conditions []StatefulSetCondition @type; 11 availableReplicas int32
StatefulSetUpdateStrategy: 1 type string; 2 rollingUpdate RollingUpdateStatefulSetStrategy
`,
  'io.k8s.api.batch.v1': `
CronJob: 1 metadata meta.ObjectMeta; 2 spec CronJobSpec; 3 status CronJobStatus
CronJobSpec: 1 schedule string!; 8 timeZone string; 2 startingDeadlineSeconds int64; 3 concurrencyPolicy string; 4 suspend bool; 5 jobTemplate JobTemplateSpec!; 6 successfulJobsHistoryLimit int32; 7 failedJobsHistoryLimit int32
CronJobStatus: 1 active []core.ObjectReference; 4 lastScheduleTime Time; 5 lastSuccessfulTime Time
Job: 1 metadata meta.ObjectMeta; 2 spec JobSpec; 3 status JobStatus
JobCondition: 1 type string!; 2 status string!; 3 lastProbeTime Time; 4 lastTransitionTime Time; 5 reason string; 6 message string
JobSpec: 1 parallelism int32; 2 completions int32; 3 activeDeadlineSeconds int64; 11 podFailurePolicy PodFailurePolicy; 16 successPolicy SuccessPolicy; 7 backoffLimit int32; 12 backoffLimitPerIndex int32; 13 maxFailedIndexes int32; 4 selector meta.LabelSelector; 5 manualSelector bool; 6 template core.PodTemplateSpec!; 8 ttlSecondsAfterFinished int32; 9 completionMode string; 10 suspend bool; 14 podReplacementPolicy string; 15 managedBy string
JobStatus: 1 conditions []JobCondition @type; 2 startTime Time; 3 completionTime Time; 4 active int32; 5 succeeded int32; 6 failed int32; 11 terminating int32; 7 completedIndexes string; 10 failedIndexes string; 8 uncountedTerminatedPods UncountedTerminatedPods; 9 ready int32
JobTemplateSpec: 1 metadata meta.ObjectMeta; 2 spec JobSpec
PodFailurePolicy: 1 rules []PodFailurePolicyRule
PodFailurePolicyOnExitCodesRequirement: 1 containerName string; 2 operator string; 3 values []int32
PodFailurePolicyOnPodConditionsPattern: 1 type string; 2 status string
PodFailurePolicyRule: 1 action string; 2 onExitCodes PodFailurePolicyOnExitCodesRequirement; 3 onPodConditions []PodFailurePolicyOnPodConditionsPattern
SuccessPolicy: 1 rules []SuccessPolicyRule
SuccessPolicyRule: 1 succeededIndexes string; 2 succeededCount int32
UncountedTerminatedPods: 1 succeeded []string; 2 failed []string
`,
  'io.k8s.api.autoscaling.v1': `
CrossVersionObjectReference: 1 kind string!; 2 name string!; 3 apiVersion string
HorizontalPodAutoscaler: 1 metadata meta.ObjectMeta; 2 spec HorizontalPodAutoscalerSpec; 3 status HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerSpec: 1 scaleTargetRef CrossVersionObjectReference!; 2 minReplicas int32; 3 maxReplicas int32!; 4 targetCPUUtilizationPercentage int32
HorizontalPodAutoscalerStatus: 1 observedGeneration int64; 2 lastScaleTime Time; 3 currentReplicas int32!; 4 desiredReplicas int32!; 5 currentCPUUtilizationPercentage int32
Scale: 1 metadata meta.ObjectMeta; 2 spec ScaleSpec; 3 status ScaleStatus
ScaleSpec: 1 replicas int32
ScaleStatus: 1 replicas int32!; 2 selector string
`,
  'io.k8s.api.autoscaling.v2': `
ContainerResourceMetricSource: 1 name string!; 2 target MetricTarget!; 3 container string!
ContainerResourceMetricStatus: 1 name string!; 2 current MetricValueStatus!; 3 container string!
CrossVersionObjectReference: 1 kind string!; 2 name string!; 3 apiVersion string
ExternalMetricSource: 1 metric MetricIdentifier!; 2 target MetricTarget!
ExternalMetricStatus: 1 metric MetricIdentifier!; 2 current MetricValueStatus!
HPAScalingPolicy: 1 type string!; 2 value int32!; 3 periodSeconds int32!
HPAScalingRules: 3 stabilizationWindowSeconds int32; 1 selectPolicy string; 2 policies []HPAScalingPolicy
HorizontalPodAutoscaler: 1 metadata meta.ObjectMeta; 2 spec HorizontalPodAutoscalerSpec; 3 status HorizontalPodAutoscalerStatus
HorizontalPodAutoscalerBehavior: 1 scaleUp HPAScalingRules; 2 scaleDown HPAScalingRules
HorizontalPodAutoscalerCondition: 1 type string!; 2 status string!; 3 lastTransitionTime Time; 4 reason string; 5 message string
HorizontalPodAutoscalerSpec: 1 scaleTargetRef CrossVersionObjectReference!; 2 minReplicas int32; 3 maxReplicas int32!; 4 metrics []MetricSpec; 5 behavior HorizontalPodAutoscalerBehavior
HorizontalPodAutoscalerStatus: 1 observedGeneration int64; 2 lastScaleTime Time; 3 currentReplicas int32!; 4 desiredReplicas int32!; 5 currentMetrics []MetricStatus; 6 conditions []HorizontalPodAutoscalerCondition!
MetricIdentifier: 1 name string!; 2 selector meta.LabelSelector
MetricSpec: 1 type string!; 2 object ObjectMetricSource; 3 pods PodsMetricSource; 4 resource ResourceMetricSource; 7 containerResource ContainerResourceMetricSource; 5 external ExternalMetricSource
MetricStatus: 1 type string!; 2 object ObjectMetricStatus; 3 pods PodsMetricStatus; 4 resource ResourceMetricStatus; 7 containerResource ContainerResourceMetricStatus; 5 external ExternalMetricStatus
MetricTarget: 1 type string!; 2 value Quantity; 3 averageValue Quantity; 4 averageUtilization int32
MetricValueStatus: 1 value Quantity; 2 averageValue Quantity; 3 averageUtilization int32
ObjectMetricSource: 1 describedObject CrossVersionObjectReference!; 2 target MetricTarget!; 3 metric MetricIdentifier!
ObjectMetricStatus: 1 metric MetricIdentifier!; 2 current MetricValueStatus!; 3 describedObject CrossVersionObjectReference!
PodsMetricSource: 1 metric MetricIdentifier!; 2 target MetricTarget!
PodsMetricStatus: 1 metric MetricIdentifier!; 2 current MetricValueStatus!
ResourceMetricSource: 1 name string!; 2 target MetricTarget!
ResourceMetricStatus: 1 name string!; 2 current MetricValueStatus!
`,
  'io.k8s.api.networking.v1': `
HTTPIngressPath: 1 path string; 3 pathType string; 2 backend IngressBackend!
HTTPIngressRuleValue: 1 paths []HTTPIngressPath! %atomic
IPBlock: 1 cidr string!; 2 except []string
Ingress: 1 metadata meta.ObjectMeta; 2 spec IngressSpec; 3 status IngressStatus
IngressBackend: 4 service IngressServiceBackend; 3 resource core.TypedLocalObjectReference
IngressClass: 1 metadata meta.ObjectMeta; 2 spec IngressClassSpec
IngressClassParametersReference: 1 aPIGroup string; 2 kind string; 3 name string; 4 scope string; 5 namespace string
IngressClassSpec: 1 controller string; 2 parameters IngressClassParametersReference
IngressLoadBalancerIngress: 1 ip string; 2 hostname string; 4 ports []IngressPortStatus
IngressLoadBalancerStatus: 1 ingress []IngressLoadBalancerIngress
IngressPortStatus: 1 port int32; 2 protocol string; 3 error string
IngressRule: 1 host string; 2 ^IngressRuleValue
IngressRuleValue: 1 http HTTPIngressRuleValue
IngressServiceBackend: 1 name string!; 2 port ServiceBackendPort
IngressSpec: 4 ingressClassName string; 1 defaultBackend IngressBackend; 2 tls []IngressTLS %atomic; 3 rules []IngressRule %atomic
IngressStatus: 1 loadBalancer IngressLoadBalancerStatus
IngressTLS: 1 hosts []string %atomic; 2 secretName string
NetworkPolicy: 1 metadata meta.ObjectMeta; 2 spec NetworkPolicySpec
NetworkPolicyEgressRule: 1 ports []NetworkPolicyPort; 2 to []NetworkPolicyPeer
NetworkPolicyIngressRule: 1 ports []NetworkPolicyPort; 2 from []NetworkPolicyPeer
NetworkPolicyPeer: 1 podSelector meta.LabelSelector; 2 namespaceSelector meta.LabelSelector; 3 ipBlock IPBlock
NetworkPolicyPort: 1 protocol string; 2 port IntOrString; 3 endPort int32
NetworkPolicySpec: 1 podSelector meta.LabelSelector!; 2 ingress []NetworkPolicyIngressRule; 3 egress []NetworkPolicyEgressRule; 4 policyTypes []string
ServiceBackendPort: 1 name string; 2 number int32
`,
  'io.k8s.api.policy.v1': `
Eviction: 1 metadata meta.ObjectMeta; 2 deleteOptions meta.DeleteOptions
PodDisruptionBudget: 1 metadata meta.ObjectMeta; 2 spec PodDisruptionBudgetSpec; 3 status PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: 1 minAvailable IntOrString; 2 selector meta.LabelSelector; 3 maxUnavailable IntOrString; 4 unhealthyPodEvictionPolicy string
PodDisruptionBudgetStatus: 1 observedGeneration int64; 2 disruptedPods {}Time; 3 disruptionsAllowed int32!; 4 currentHealthy int32!; 5 desiredHealthy int32!; 6 expectedPods int32!; 7 conditions []meta.Condition
`,
  'io.k8s.api.rbac.v1': `
AggregationRule: 1 clusterRoleSelectors []meta.LabelSelector
ClusterRole: 1 metadata meta.ObjectMeta; 2 rules []PolicyRule; 3 aggregationRule AggregationRule
ClusterRoleBinding: 1 metadata meta.ObjectMeta; 2 subjects []Subject; 3 roleRef RoleRef!
PolicyRule: 1 verbs []string!; 2 apiGroups []string; 3 resources []string; 4 resourceNames []string; 5 nonResourceURLs []string
Role: 1 metadata meta.ObjectMeta; 2 rules []PolicyRule
RoleBinding: 1 metadata meta.ObjectMeta; 2 subjects []Subject; 3 roleRef RoleRef!
RoleRef: 1 apiGroup string!; 2 kind string!; 3 name string!
Subject: 1 kind string!; 2 apiGroup string; 3 name string!; 4 namespace string
`,
  'io.k8s.api.coordination.v1': `
Lease: 1 metadata meta.ObjectMeta; 2 spec LeaseSpec
LeaseSpec: 1 holderIdentity string; 2 leaseDurationSeconds int32; 3 acquireTime MicroTime; 4 renewTime MicroTime; 5 leaseTransitions int32
`,
  'io.k8s.api.discovery.v1': `
Endpoint: 1 addresses []string! %set; 2 conditions EndpointConditions; 3 hostname string; 4 targetRef core.ObjectReference; 5 deprecatedTopology {}string; 6 nodeName string; 7 zone string; 8 hints EndpointHints
EndpointConditions: 1 ready bool; 2 serving bool; 3 terminating bool
EndpointHints: 1 forZones []ForZone
EndpointPort: 1 name string; 2 protocol string; 3 port int32; 4 appProtocol string
EndpointSlice: 1 metadata meta.ObjectMeta; 4 addressType string!; 2 endpoints []Endpoint! %atomic; 3 ports []EndpointPort %atomic
ForZone: 1 name string
`,
  'io.k8s.api.storage.v1': `
StorageClass: 1 metadata meta.ObjectMeta; 2 provisioner string!; 3 parameters {}string; 4 reclaimPolicy string; 5 mountOptions []string; 6 allowVolumeExpansion bool; 7 volumeBindingMode string; 8 allowedTopologies []core.TopologySelectorTerm
`,
  'io.k8s.api.scheduling.v1': `
PriorityClass: 1 metadata meta.ObjectMeta; 2 value int32!; 3 globalDefault bool; 4 description string; 5 preemptionPolicy string
`,
  'io.k8s.api.certificates.v1': `
CertificateSigningRequest: 1 metadata meta.ObjectMeta; 2 spec CertificateSigningRequestSpec!; 3 status CertificateSigningRequestStatus
CertificateSigningRequestCondition: 1 type string!; 6 status string!; 2 reason string; 3 message string; 4 lastUpdateTime Time; 5 lastTransitionTime Time
CertificateSigningRequestSpec: 1 request bytes! %atomic; 7 signerName string!; 8 expirationSeconds int32; 5 usages []string %atomic; 2 username string; 3 uid string; 4 groups []string %atomic; 6 extra {}[]string
CertificateSigningRequestStatus: 1 conditions []CertificateSigningRequestCondition %type; 2 certificate bytes %atomic
`,
  'io.k8s.api.authorization.v1': `
LocalSubjectAccessReview: 1 metadata meta.ObjectMeta; 2 spec SubjectAccessReviewSpec!; 3 status SubjectAccessReviewStatus
NonResourceAttributes: 1 path string; 2 verb string
NonResourceRule: 1 verbs []string!; 2 nonResourceURLs []string
ResourceAttributes: 1 namespace string; 2 verb string; 3 group string; 4 version string; 5 resource string; 6 subresource string; 7 name string
ResourceRule: 1 verbs []string!; 2 apiGroups []string; 3 resources []string; 4 resourceNames []string
SelfSubjectAccessReview: 1 metadata meta.ObjectMeta; 2 spec SelfSubjectAccessReviewSpec!; 3 status SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes; 2 nonResourceAttributes NonResourceAttributes
SelfSubjectRulesReview: 1 metadata meta.ObjectMeta; 2 spec SelfSubjectRulesReviewSpec!; 3 status SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec: 1 namespace string
SubjectAccessReview: 1 metadata meta.ObjectMeta; 2 spec SubjectAccessReviewSpec!; 3 status SubjectAccessReviewStatus
SubjectAccessReviewSpec: 1 resourceAttributes ResourceAttributes; 2 nonResourceAttributes NonResourceAttributes; 3 user string; 4 groups []string; 5 extra {}[]string; 6 uid string
SubjectAccessReviewStatus: 1 allowed bool!; 4 denied bool; 2 reason string; 3 evaluationError string
SubjectRulesReviewStatus: 1 resourceRules []ResourceRule!; 2 nonResourceRules []NonResourceRule!; 3 incomplete bool!; 4 evaluationError string
`,
  'io.k8s.api.authentication.v1': `
BoundObjectReference: 1 kind string; 2 apiVersion string; 3 name string; 4 uID string
SelfSubjectReview: 1 metadata meta.ObjectMeta; 2 status SelfSubjectReviewStatus
SelfSubjectReviewStatus: 1 userInfo UserInfo
TokenRequest: 1 metadata meta.ObjectMeta; 2 spec TokenRequestSpec!; 3 status TokenRequestStatus
TokenRequestSpec: 1 audiences []string!; 4 expirationSeconds int64; 3 boundObjectRef BoundObjectReference
TokenRequestStatus: 1 token string!; 2 expirationTimestamp Time!
TokenReview: 1 metadata meta.ObjectMeta; 2 spec TokenReviewSpec!; 3 status TokenReviewStatus
TokenReviewSpec: 1 token string; 2 audiences []string
TokenReviewStatus: 1 authenticated bool; 2 user UserInfo; 4 audiences []string; 3 error string
UserInfo: 1 username string; 2 uid string; 3 groups []string; 4 extra {}[]string
`,
  // CustomResourceDefinitions reach the server as JSON only, so these carry no protobuf tags.
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1': `
CustomResourceDefinition: 0 metadata meta.ObjectMeta; 0 spec CustomResourceDefinitionSpec!; 0 status CustomResourceDefinitionStatus
CustomResourceDefinitionSpec: 0 group string!; 0 names CustomResourceDefinitionNames!; 0 scope string!; 0 versions []CustomResourceDefinitionVersion!; 0 conversion Any; 0 preserveUnknownFields bool
CustomResourceDefinitionNames: 0 plural string!; 0 singular string; 0 shortNames []string; 0 kind string!; 0 listKind string; 0 categories []string
CustomResourceDefinitionVersion: 0 name string!; 0 served bool!; 0 storage bool!; 0 deprecated bool; 0 deprecationWarning string; 0 schema CustomResourceValidation; 0 subresources CustomResourceSubresources; 0 additionalPrinterColumns []CustomResourceColumnDefinition; 0 selectableFields []Any
CustomResourceValidation: 0 openAPIV3Schema Any
CustomResourceSubresources: 0 status Any; 0 scale Any
CustomResourceColumnDefinition: 0 name string!; 0 type string!; 0 format string; 0 description string; 0 priority int32; 0 jsonPath string!
CustomResourceDefinitionStatus: 0 conditions []CustomResourceDefinitionCondition %type; 0 acceptedNames CustomResourceDefinitionNames; 0 storedVersions []string; 0 observedGeneration int64
CustomResourceDefinitionCondition: 0 type string!; 0 status string!; 0 lastTransitionTime Time; 0 reason string; 0 message string; 0 observedGeneration int64
`,
  'io.k8s.metrics.pkg.apis.metrics.v1beta1': `
PodMetrics: 1 metadata meta.ObjectMeta; 2 timestamp Time; 3 window string; 4 containers []ContainerMetrics
ContainerMetrics: 1 name string!; 2 usage {}Quantity!
NodeMetrics: 1 metadata meta.ObjectMeta; 2 timestamp Time; 3 window string; 4 usage {}Quantity!
`,
}
