"""Mistakes to plant into sound_kit.yaml, by topic: where, what is replaced by what, and words of what is told."""

from __future__ import annotations

__all__ = ["PLANTED"]

# For each mistake: what is replaced (the first that follows the kind's name), by what, and words of what is told.
Planted = dict[str, tuple[str, str, str]]

FILES: Planted = {
    "YAML boolean": ("Deployment web", "namespace: shop|namespace: y", "y without quotes"),
    "YAML boolean of two letters": ("ConfigMap", "MODE: production|MODE: on", "on without quotes"),
    "number to the base of 60": ("ConfigMap", "MODE: production|MODE: 12:30", "12:30 without quotes"),
    "key twice": ("Deployment web", "  strategy:|  replicas: 2\n  replicas: 3\n  strategy:", "replicas is there twice"),
    "no YAML": ("ConfigMap", "data:|data: [", "it is no YAML"),
    "no kind": ("ConfigMap", "kind: ConfigMap|", "a document has no kind"),
    "object twice": (
        "ServiceAccount",
        "---|---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n  namespace: shop\n---",
        "it is there twice",
    ),
}
FIELDS: Planted = {
    "unknown field": ("Deployment web", "strategy:|strategie:", "'strategie' was unexpected"),
    "unknown field of a container": (
        "Deployment web",
        "imagePullPolicy: IfNotPresent|port: 8080",
        "'port' was unexpected",
    ),
    "string instead of a number": ("HorizontalPodAutoscaler", "maxReplicas: 50|maxReplicas: '50'", "is not of type"),
    "number instead of a string": ("Deployment web", "value: hello|value: 3", "is not of type"),
    "missing field": ("HorizontalPodAutoscaler", "  maxReplicas: 50\n|", "'maxReplicas' is a required property"),
    "API that is no more": ("HorizontalPodAutoscaler", "autoscaling/v2|autoscaling/v2beta2", "has no Horizontal"),
    "kind that nobody knows": ("ClusterDomainClaim", "kind: ClusterDomainClaim|kind: DomainClaim", "no schema for"),
    "lookalike of a core group": ("Deployment web", "apiVersion: apps/v1|apiVersion: apps.example.com/v1", "no schema"),
    "the original's port of an app": (
        "InferenceService",
        "- containerPort: 8081|- port: 8081",
        "predictor.containers.0.ports.0",
    ),
    "port beside the app's container": (
        "InferenceService",
        "        ports:|        port: 8080\n        ports:",
        "'port' was unexpected",
    ),
    "unknown field of an app": ("InferenceService", "scaleTarget: 20|scaleGoal: 20", "'scaleGoal' was unexpected"),
    "scale metric": ("InferenceService", "scaleMetric: concurrency|scaleMetric: qps", "'qps' is not one of"),
    "pod's field that Knative has not": ("Service api", "timeoutSeconds: 300|hostNetwork: true", "hostNetwork"),
    "token that Knative refuses": (
        "Service api",
        "timeoutSeconds: 300|automountServiceAccountToken: true",
        "refuses automountServiceAccountToken",
    ),
    "hook that Knative refuses": (
        "Service api",
        "          resources:|          lifecycle: {preStop: {sleep: {seconds: 5}}}\n          resources:",
        "has lifecycle, which Knative refuses",
    ),
    "claim without namespace": ("ClusterDomainClaim", "  namespace: shop|  {}", "'namespace' is a required"),
    "trigger with a number": ("ScaledObject", 'threshold: "10"|threshold: 10', "10 is not of type 'string'"),
    "status": ("ServiceAccount", "metadata:|status: {}\nmetadata:", "status is written by controllers"),
    "uid": ("ServiceAccount", "  name: web|  name: web\n  uid: a-b", "metadata.uid is written by the API server"),
}
SCALING: Planted = {
    "HPA min above max": ("HorizontalPodAutoscaler", "minReplicas: 3|minReplicas: 51", "at least 51 pods, at most 50"),
    "HPA to zero": ("HorizontalPodAutoscaler", "minReplicas: 3|minReplicas: 0", "minReplicas is 0: at least 1"),
    "HPA of nothing": ("HorizontalPodAutoscaler", "    name: web\n  min|    name: wep\n  min", "no Deployment wep"),
    "HPA of another kind": ("HorizontalPodAutoscaler", "kind: Deployment|kind: StatefulSet", "no StatefulSet web"),
    "replicas under an HPA": ("Deployment web", "  strategy:|  replicas: 2\n  strategy:", "remove replicas there"),
    "metric's type": ("HorizontalPodAutoscaler", "- type: Resource|- type: Resources", "spec.metrics.0.type"),
    "target's type": ("HorizontalPodAutoscaler", "type: Utilization|type: Percent", "target.type is Percent"),
    "target in another field": (
        "HorizontalPodAutoscaler",
        "averageUtilization: 70|averageValue: 70m",
        "has no averageUtilization",
    ),
    "target of nothing": ("HorizontalPodAutoscaler", "averageUtilization: 70|averageUtilization: 0", "at least 1"),
    "metric without its field": ("HorizontalPodAutoscaler", "- type: Pods|- type: Object", "of type Object has no"),
    "select policy": ("HorizontalPodAutoscaler", "selectPolicy: Max|selectPolicy: Most", "selectPolicy is Most"),
    "policy's type": ("HorizontalPodAutoscaler", "type: Percent|type: Share", "is Share: write Pods or Percent"),
    "window": ("HorizontalPodAutoscaler", "Seconds: 300|Seconds: 3601", "is 3601: 0 to 3600"),
    "period": ("HorizontalPodAutoscaler", "periodSeconds: 120|periodSeconds: 1801", "is 1801: 1 to 1800"),
    "policy of nothing": ("HorizontalPodAutoscaler", "value: 2|value: 0", "a policy's value is 0"),
    "utilisation without a request": ("Deployment web", "              cpu: 250m\n|", "requests nothing"),
    "KEDA min above max": ("ScaledObject", "minReplicaCount: 1|minReplicaCount: 13", "at least 13 pods, at most 12"),
    "KEDA of nothing": ("ScaledObject", "    name: worker\n  min|    name: walker\n  min", "no Deployment walker"),
    "two autoscalers": ("ScaledObject", "    name: worker\n  min|    name: web\n  min", "scales Deployment web too"),
    "app's min above max": ("InferenceService", "minReplicas: 0|minReplicas: 11", "at least 11 pods, at most 10"),
    "the original's missing minReplicas": ("InferenceService", "    minReplicas: 0\n|", "predictor has no minReplicas"),
    "the original's min-scale": (
        "InferenceService",
        "  annotations:|  annotations:\n    autoscaling.knative.dev/min-scale: '0'",
        "KServe strips the annotation",
    ),
    "no deployment mode": ("InferenceService", "deploymentMode: Knative|deploymentMode: Standard", "may use an HPA"),
    "Knative min above max": ("Service api", 'min-scale: "1"|min-scale: "6"', "at least 6 pods, at most 5"),
    "Knative scale on the Service": (
        "Service api",
        "  namespace: shop|  namespace: shop\n  annotations:\n    autoscaling.knative.dev/min-scale: '1'",
        "is on the Service",
    ),
    "negative": ("StatefulSet", "replicas: 1|replicas: -1", "spec.replicas is -1"),
    "budget of nothing": ("PodDisruptionBudget", "app: web|app: wep", "its selector matches no pods"),
    "budget of all": (
        "PodDisruptionBudget",
        "minAvailable: 2|minAvailable: 3",
        "never lets a pod of Deployment web go",
    ),
    "budget of none unavailable": ("PodDisruptionBudget", "minAvailable: 2|maxUnavailable: 0", "never lets a pod"),
    "budget with both": ("PodDisruptionBudget", "minAvailable: 2|minAvailable: 2\n  maxUnavailable: 1", "say one of"),
}
REFERENCES: Planted = {
    "selector of others": (
        "Deployment web",
        "      app: web\n  str|      app: wep\n  str",
        "does not match the labels",
    ),
    "spread of others": ("Deployment web", "              app: web|              app: wep", "counts other pods"),
    "Service of nothing": ("Service web", "    app: web|    app: wep", "its selector matches no pods"),
    "port that no pod has": ("Service web", "targetPort: http|targetPort: https", "targetPort https is no port"),
    "mapping without apiVersion": (
        "DomainMapping model",
        "    apiVersion: serving.knative.dev/v1\n|",
        "spec.ref has no apiVersion",
    ),
    "mapping to nothing": ("DomainMapping api", "    name: api|    name: apis", "there is no Service apis"),
    "mapping to another kind of Service": (
        "DomainMapping api",
        "    apiVersion: serving.knative.dev/v1|    apiVersion: v1",
        "there is no Service api of v1",
    ),
    "mapping to no app": (
        "DomainMapping model",
        "name: model-predictor|name: modell-predictor",
        "no Service modell-pred",
    ),
    "mapping to another namespace": (
        "DomainMapping model",
        "    kind: Service|    kind: Service\n    namespace: other",
        "maps only to its own namespace",
    ),
    "Secret that is not there": ("Deployment web", "name: web-secrets|name: web-secret", "no Secret web-secret "),
    "key that is not there": ("Deployment web", "key: password|key: pass", "has no key pass"),
    "ConfigMap that is not there": ("Deployment web", "name: web-settings|name: settings", "no ConfigMap settings"),
    "account that is not there": (
        "Deployment web",
        "serviceAccountName: web|serviceAccountName: www",
        "ServiceAccount www",
    ),
    "claim that is not there": (
        "Deployment web",
        "          emptyDir: {sizeLimit: 64Mi}|          persistentVolumeClaim: {claimName: data}",
        "no PersistentVolumeClaim data",
    ),
    "no headless Service": ("Service storage", "clusterIP: None|type: ClusterIP", "set clusterIP: None"),
    "no Service of a StatefulSet": ("StatefulSet", "serviceName: storage|serviceName: store", "no Service store"),
    "Ingress to nothing": ("Ingress", "                name: web|                name: wep", "there is no Service wep"),
}
CONTAINERS: Planted = {
    "latest": ("Deployment web", "web:1.4.2|web:latest", "names no version"),
    "no tag": ("Deployment web", "/web:1.4.2|/web", "names no version"),
    "port of a registry is no tag": (
        "Deployment web",
        "registry.example.com/shop/web:1.4.2|registry:5000/web",
        "no version",
    ),
    "short digest": ("StatefulSet", "00aa|00", "is no digest"),
    "no request of memory": ("Deployment worker", "              memory: 64Mi\n|", "no resources.requests.memory"),
    "no limit of memory": (
        "StatefulSet",
        "            limits:\n              memory: 1Gi\n|",
        "no resources.limits.memory",
    ),
    "request above limit": ("Deployment web", "memory: 256Mi|memory: 2Gi", "request of memory is above its limit"),
    "request above limit in another unit": ("Service api", "cpu: 100m|cpu: 0.6", "request of cpu is above its limit"),
    "no quantity": ("Deployment web", "memory: 256Mi|memory: 256MB", "is no quantity"),
    "root": ("Deployment web", "runAsNonRoot: true|runAsNonRoot: false", "may run as root"),
    "user 0": ("Deployment web", "runAsUser: 10001|runAsUser: 0", "runs as user 0"),
    "writable": (
        "Service api",
        "readOnlyRootFilesystem: true|readOnlyRootFilesystem: false",
        "may write into its image",
    ),
    "escalation": ("StatefulSet", "            allowPrivilegeEscalation: false\n|", "may get more rights"),
    "capabilities": ("Deployment worker", "drop: [ALL]|drop: [NET_RAW]", "keeps capabilities"),
    "added capability": ("Deployment worker", "drop: [ALL]|drop: [ALL]\n              add: [SYS_ADMIN]", "adds capab"),
    "privileged": (
        "Deployment worker",
        "runAsNonRoot: true|runAsNonRoot: true\n            privileged: true",
        "privileged",
    ),
    "no seccomp": ("Deployment web", "type: RuntimeDefault|type: Unconfined", "no filter of system calls"),
    "node's network": (
        "Deployment web",
        "serviceAccountName: web|serviceAccountName: web\n      hostNetwork: true",
        "hostNetwork",
    ),
    "node's folder": (
        "Deployment web",
        "          emptyDir: {sizeLimit: 64Mi}|          hostPath: {path: /etc}",
        "a folder of the node",
    ),
    "node's port": (
        "Deployment web",
        "containerPort: 8080|containerPort: 8080\n              hostPort: 80",
        "hostPort",
    ),
    "mount of nothing": (
        "Deployment web",
        "- name: scratch\n              m|- name: tmp\n              m",
        "no volume of the pod",
    ),
    "volume for nothing": (
        "Deployment web",
        "      volumes:|      volumes:\n        - {name: old, emptyDir: {sizeLimit: 1Mi}}",
        "mounted nowhere",
    ),
    "variable twice": ("Deployment web", "name: GREETING|name: DATABASE_PASSWORD", "DATABASE_PASSWORD is there twice"),
    "pull policy": ("Deployment web", "IfNotPresent|Missing", "imagePullPolicy is Missing"),
    "strategy": ("Deployment web", "type: RollingUpdate|type: Rolling", "strategy.type is Rolling"),
    "unsatisfiable": ("Deployment web", "ScheduleAnyway|Anyway", "whenUnsatisfiable is Anyway"),
    "access mode": ("StatefulSet", "[ReadWriteOnce]|[RWO]", "accessModes.0 is RWO"),
    "pod management": ("StatefulSet", "OrderedReady|Ordered", "podManagementPolicy is Ordered"),
    "type of a Service": ("Service web", "type: ClusterIP|type: Internal", "spec.type is Internal"),
    "path type": ("Ingress", "pathType: Prefix|pathType: Begin", "pathType is Begin"),
    "level of security": ("Namespace", "enforce: restricted|enforce: strict", "write baseline or restricted"),
    "mode of security": ("Namespace", "io/enforce|io/enforced", "does not exist: write enforce"),
}
PROBES: Planted = {
    "no such route": ("Deployment web", "path: /ready|path: /readyz", "/readyz, which is no route of web"),
    "no such route of Knative's": ("Service api", "path: /up|path: /upp", "/upp, which is no route of api"),
    "no path": ("Deployment web", "path: /ready|path: ready", "a path begins with /"),
    "no such named port": ("Deployment web", "port: http|port: web", "asks port web, which it does not declare"),
    "no such port": ("StatefulSet", "              port: 50051|              port: 50052", "asks port 50052"),
    "no readiness": (
        "StatefulSet",
        "          readinessProbe:\n            tcpSocket:\n              port: data\n|",
        "no readiness",
    ),
    "both the same": ("Deployment web", "path: /health|path: /ready", "both probes ask /ready"),
    "two actions": (
        "Service api",
        "readinessProbe:|readinessProbe:\n            tcpSocket: {port: 8000}",
        "has 2 of httpGet",
    ),
    "period": ("Deployment web", "periodSeconds: 5|periodSeconds: 0", "periodSeconds is 0: at least 1"),
    "success of liveness": (
        "Deployment web",
        "failureThreshold: 3|successThreshold: 2",
        "successThreshold has to be 1",
    ),
    "name of Knative's port": ("Service api", "name: http1|name: http", "Knative takes http1 or h2c"),
    "two ports of Knative's": (
        "Service api",
        "          resources:|            - containerPort: 9000\n          resources:",
        "serves one port",
    ),
}
NAMES: Planted = {
    "capital": ("ConfigMap", "name: web-settings|name: Web-settings", "the name 'Web-settings' is not valid"),
    "underscore in a namespace": ("LimitRange", "namespace: shop|namespace: the_shop", "'the_shop' is not valid"),
    "digit first": ("Service storage", "name: storage|name: 1storage", "begins with a letter"),
    "app's name": ("InferenceService", "name: model|name: model.v2", "at most 53"),
    "app's name too long": ("InferenceService", f"name: model|name: m{'o' * 53}", "at most 53"),
    "domain of one label": ("DomainMapping model", "name: model.example.com|name: model", "a full domain name"),
    "domain of the cluster": ("DomainMapping model", "name: model.example.com|name: a.svc.cluster.local", "own names"),
    "no namespace": ("Ingress", "  namespace: shop\n|", "no metadata.namespace"),
    "namespace in vain": (
        "ClusterDomainClaim",
        "  name: model.example.com|  name: model.example.com\n  namespace: shop",
        "has no name",
    ),
    "label": ("Deployment web", "tier: front|tier: front end", "'front end'"),
    "label's key": ("Deployment web", "tier: front|-tier: front\n        tier: front", "the label '-tier'"),
    "container": ("Deployment worker", "        - name: worker|        - name: the_worker", "container's name"),
    "port": ("Service api", "name: http1|name: a-very-long-port-name", "at most 15"),
    "variable": ("Deployment web", "name: GREETING|name: THE-GREETING", "'THE-GREETING' is not valid"),
}
ACCESS: Planted = {
    "all verbs": ("Role reader", "verbs: [get, list]|verbs: ['*']", "has * in verbs"),
    "all resources": ("Role reader", "resources: [pods]|resources: ['*']", "has * in resources"),
    "no such verb": ("Role reader", "verbs: [get, list]|verbs: [get, read]", "the verb read does not exist"),
    "mighty verb": ("Role reader", "verbs: [get, list]|verbs: [impersonate]", "impersonate gives rights"),
    "no verbs": ("Role reader", "verbs: [get, list]|verbs: []", "a rule has no verbs"),
    "name of what is created": (
        "Role reader",
        "verbs: [get, list]|verbs: [create]\n    resourceNames: [a]",
        "does not restrict create",
    ),
    "verb twice": ("Role reader", "verbs: [get, list]|verbs: [get, list, get]", "get on pods is given twice"),
    "in the whole cluster": ("Role reader", "kind: Role|kind: ClusterRole", "it holds in the whole cluster"),
    "no such role": ("RoleBinding", "  name: reader\nsub|  name: writer\nsub", "there is no Role writer"),
    "mighty role": ("RoleBinding", "  name: reader\nsub|  name: cluster-admin\nsub", "gives cluster-admin"),
    "no such account": ("RoleBinding", "    name: web|    name: wep", "no ServiceAccount shop/wep"),
    "account of nowhere": ("RoleBinding", "    name: web\n    namespace: shop|    name: web", "has no namespace"),
    "a person": ("RoleBinding", "kind: ServiceAccount|kind: User", "its subject is the User web"),
}
SECRETS: Planted = {
    "value in a Secret": ("Secret", 'password: ""|password: made-up', "stringData.password has a value"),
    "value in a variable": (
        "Deployment web",
        "- name: GREETING|- name: API_TOKEN\n              value: made-up\n            - name: GREETING",
        "API_TOKEN has a value",
    ),
    "value in a ConfigMap": (
        "ConfigMap",
        "MODE: production|SIGNING_KEY: made-up",
        "SIGNING_KEY is named like a secret",
    ),
}
NETWORKS: Planted = {
    "policy of nothing": ("NetworkPolicy", "tier: front|tier: back", "its podSelector matches no pods"),
    "one direction": ("NetworkPolicy", "[Ingress, Egress]|[Ingress]", "does not name Egress"),
    "everywhere": ("NetworkPolicy", "10.1.0.0/16|0.0.0.0/0", "0.0.0.0/0, which is everybody"),
    "every port": ("NetworkPolicy", "      ports:\n        - protocol: TCP\n          port: 5432\n|", "is every port"),
    "every namespace": (
        "NetworkPolicy",
        ":\n            matchLabels:\n              kubernetes.io/metadata.name: gateway|: {}",
        "an empty namespaceSelector",
    ),
    "protocol": ("NetworkPolicy", "protocol: TCP|protocol: HTTP", "protocol is HTTP"),
}
QUOTAS: Planted = {
    "no quantity": ("ResourceQuota", "limits.memory: 40Gi|limits.memory: much", "is no quantity"),
    "no default": (
        "LimitRange",
        "      default:\n        memory: 512Mi\n|",
        "limits.memory refuses pods that say none",
    ),
    "default above the maximum": ("LimitRange", "memory: 512Mi|memory: 5Gi", "max of memory is below default"),
    "type": ("LimitRange", "type: Container|type: Box", "type is Box"),
}
ADMISSION: Planted = {
    "not bound": (
        "ValidatingAdmissionPolicyBinding",
        "policyName: single-writer|policyName: two-writers",
        "no Validating",
    ),
    "no message": (
        "ValidatingAdmissionPolicy s",
        "      message: The storage has one writer. Leave replicas at 1.\n|",
        "no message",
    ),
    "no expressions": (
        "ValidatingAdmissionPolicy s",
        "  validations:\n    - expression: object.spec.replicas == 1\n      message: The storage has one writer. Leave "
        "replicas at 1.|  validations: []",
        "validations is empty",
    ),
    "operation": ("ValidatingAdmissionPolicy s", "[CREATE, UPDATE]|[WRITE]", "operations.0 is WRITE"),
    "failure": ("ValidatingAdmissionPolicy s", "failurePolicy: Fail|failurePolicy: Stop", "failurePolicy is Stop"),
    "action": ("ValidatingAdmissionPolicyBinding", "[Deny]|[Refuse]", "validationActions.0 is Refuse"),
    "two actions": ("ValidatingAdmissionPolicyBinding", "[Deny]|[Deny, Warn]", "Deny and Warn together"),
}
AVAILABILITY: Planted = {
    "several pods without a budget": ("PodDisruptionBudget", "app: web|app: worker", "no PodDisruptionBudget"),
    "several pods anywhere": (
        "Deployment web",
        "      topologySpreadConstraints:|      tolerations: []\n      x-spread:",
        "may all be on one node",
    ),
    "no wait before the end": (
        "Deployment web",
        "          lifecycle:\n            preStop:\n              sleep: {seconds: 5}\n|",
        "stops while it is still asked",
    ),
    "wait that takes all the time": (
        "Deployment web",
        "sleep: {seconds: 5}|sleep: {seconds: 30}",
        "waits 30 s of the 30 s",
    ),
    "rollout that cannot move": ("Deployment web", "maxSurge: 1|maxSurge: 0", "no rollout can begin"),
}
STORAGE: Planted = {
    "two writers": ("StatefulSet", "replicas: 1|replicas: 2", "has one writer and 2 replicas"),
    "writers not counted": ("StatefulSet", "  replicas: 1\n|", "has one writer and None replicas"),
    "writer that may be two": ("StatefulSet", "kind: StatefulSet|kind: Deployment", "may have two pods for a while"),
    "writer without its label": (
        "StatefulSet",
        '        app: storage\n        finrag/single-writer: "true"|        app: storage',
        "the template's labels lack finrag/single-writer",
    ),
    "storage nobody guards": (
        "StatefulSet",
        '    finrag/single-writer: "true"\nspec:\n  serviceName: storage\n  replicas: 1\n  podManagementPolicy: '
        'OrderedReady\n  selector:\n    matchLabels:\n      app: storage\n      finrag/single-writer: "true"\n  '
        'template:\n    metadata:\n      labels:\n        app: storage\n        finrag/single-writer: "true"|spec:\n  '
        "serviceName: storage\n  replicas: 1\n  selector:\n    matchLabels:\n      app: storage\n  template:\n    "
        "metadata:\n      labels:\n        app: storage",
        "nothing keeps it at one pod",
    ),
    "scaling that nobody refuses": (
        "ValidatingAdmissionPolicy s",
        "resources: [statefulsets, statefulsets/scale]|resources: [statefulsets]",
        "keeps statefulsets/scale with its label",
    ),
    "many writers of a volume": ("StatefulSet", "[ReadWriteOnce]|[ReadWriteMany]", "ReadWriteMany lets others write"),
    "storage scaled": (
        "ScaledObject",
        "    name: worker\n  min|    kind: StatefulSet\n    name: storage\n  min",
        "StatefulSet storage has one writer and is not scaled",
    ),
    "claim of nothing": ("StatefulSet", "            storage: 50Gi|            storage: 0", "asks for no storage"),
    "claim in words": ("StatefulSet", "            storage: 50Gi|            storage: much", "is no quantity"),
    "claim of nobody": ("StatefulSet", "accessModes: [ReadWriteOnce]|accessModes: []", "has no accessModes"),
}
METRICS: Planted = {
    "query of nothing": (
        "ScaledObject",
        "finrag_jobs_waiting|finrag_jobs_waitin",
        "finrag_jobs_waitin, which no program",
    ),
    "query of another namespace": (
        "ScaledObject",
        'namespace="shop"|namespace="other"',
        "the namespace other: patch it",
    ),
    "metric that no rule makes": (
        "ConfigMap adapter",
        "as: requests_per_second|as: requests",
        "the metric requests_per_",
    ),
    "rule without its query": ("ConfigMap adapter", "metricsQuery:|query:", "has no metricsQuery"),
    "rule for all pods": ("ConfigMap adapter", "{<<.LabelMatchers>>}|", "has no <<.LabelMatchers>>"),
    "trigger without a number": ("ScaledObject", 'threshold: "10"|threshold: ten', "has the threshold ten"),
    "trigger without an address": (
        "ScaledObject",
        "        serverAddress: http://prometheus.monitoring:9090\n|",
        "has no serverAddress",
    ),
    "scraped port": ("Deployment web", 'port: "8080"|port: "9090"', "prometheus.io/port is 9090, which no container"),
    "scraped path": ("Deployment web", "io/path: /metrics|io/path: /metric", "/metric, which is no route of web"),
}
ADDRESSES: Planted = {
    "host that is no Service": (
        "ConfigMap web",
        "http://storage:|http://store:",
        "the host store, and there is no such",
    ),
    "port that no Service has": (
        "ConfigMap web",
        "storage:50051|storage:50052",
        "names port 50052, which Service storage",
    ),
}
MORE_SCALING: Planted = {
    "metric twice": (
        "HorizontalPodAutoscaler",
        "    - type: Pods\n|    - type: Resource\n      resource: {name: cpu, target: {type: Utilization, "
        "averageUtilization: 50}}\n    - type: Pods\n",
        "it scales by cpu twice",
    ),
    "target that is never passed": (
        "HorizontalPodAutoscaler",
        "averageUtilization: 70|averageUtilization: 400",
        "400 % of the cpu that web requests is its limit",
    ),
}
MORE_NETWORKS: Planted = {
    "pods of no policy": (
        "NetworkPolicy storage",
        "app: storage|app: worker",
        "no NetworkPolicy beside it is for its pods",
    ),
    "peers that are not there": (
        "NetworkPolicy inside",
        "tier: front|tier: back",
        "names pods that do not exist (tier=back)",
    ),
    "port that peers lack": (
        "NetworkPolicy inside",
        "port: 8080|port: 8081",
        "port 8081 of Deployment web, which does not",
    ),
    "peers that do not let in": ("NetworkPolicy web", "app: worker|app: storage", "whose own policy lets nobody in"),
}
MORE_CONTAINERS: Planted = {
    "token for nothing": (
        "Deployment worker",
        "      automountServiceAccountToken: false\n|",
        "a token of the cluster and no rights there",
    ),
    "scratch without end": ("Deployment web", "emptyDir: {sizeLimit: 64Mi}|emptyDir: {}", "may fill the node's disk"),
    "answer awaited too long": (
        "Deployment web",
        "periodSeconds: 5|periodSeconds: 5\n            timeoutSeconds: 6",
        "waits 6 s and asks every 5 s",
    ),
}
PLANTED = {
    f"{topic}: {name}": planted
    for topic, mistakes in (
        ("files", FILES),
        ("fields", FIELDS),
        ("scaling", SCALING),
        ("references", REFERENCES),
        ("containers", CONTAINERS),
        ("probes", PROBES),
        ("names", NAMES),
        ("access", ACCESS),
        ("secrets", SECRETS),
        ("networks", NETWORKS),
        ("quotas", QUOTAS),
        ("admission", ADMISSION),
        ("availability", AVAILABILITY),
        ("storage", STORAGE),
        ("metrics", METRICS),
        ("addresses", ADDRESSES),
        ("scaling", MORE_SCALING),
        ("networks", MORE_NETWORKS),
        ("containers", MORE_CONTAINERS),
    )
    for name, planted in mistakes.items()
}
