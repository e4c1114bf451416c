"""Mistakes to plant into deploy/kubernetes/finrag: by row and kind, the file, what is replaced by what, what is told.

SU-01: autoscalers as the notes have them; SU-02: several pods that may go one by one; SU-03: metrics that pods are
scaled by; SU-04: storage with one writer; 5.3: what schemas do not see.
"""

from __future__ import annotations

__all__ = ["PLANTED_IN_THE_KIT"]

_HPA = "base/backend/autoscaler.yaml"
_BACKEND = "base/backend/deployment.yaml"
_FRONTEND = "base/frontend/deployment.yaml"
_REDIS = "base/storage/redis.yaml"
_QDRANT = "base/storage/qdrant.yaml"
_GUARD = "cluster/single-writer.yaml"
_KEDA = "components/keda/scaled-object.yaml"
_ADAPTER = "prometheus-adapter/config-map.yaml"
_POLICY = "base/backend/network-policy.yaml"

PLANTED_IN_THE_KIT: dict[str, tuple[str, str, str]] = {
    # SU-01
    "SU-01 least above greatest": (_HPA, "minReplicas: 3|minReplicas: 51", "at least 51 pods, at most 50"),
    "SU-01 no pods": (_HPA, "minReplicas: 3|minReplicas: 0", "minReplicas is 0: at least 1"),
    "SU-01 no greatest": (_HPA, "  maxReplicas: 50\n|", "'maxReplicas' is a required property"),
    "SU-01 number in quotes": (_HPA, "maxReplicas: 50|maxReplicas: '50'", "is not of type"),
    "SU-01 autoscaler of nothing": (
        _HPA,
        "    name: backend\n  min|    name: backends\n  min",
        "no Deployment backends",
    ),
    "SU-01 autoscaler of another kind": (_HPA, "kind: Deployment|kind: StatefulSet", "no StatefulSet backend"),
    "SU-01 old API": (_HPA, "autoscaling/v2|autoscaling/v2beta2", "has no HorizontalPodAutoscaler"),
    "SU-01 type of a metric": (_HPA, "- type: Resource|- type: Ressource", "spec.metrics.0.type is Ressource"),
    "SU-01 type of a target": (_HPA, "type: Utilization|type: Share", "target.type is Share"),
    "SU-01 target in another field": (_HPA, "averageUtilization: 70|averageValue: 700m", "has no averageUtilization"),
    "SU-01 target that is never passed": (_HPA, "averageUtilization: 80|averageUtilization: 100", "is its limit"),
    "SU-01 metric twice": (_HPA, "name: memory|name: cpu", "it scales by cpu twice"),
    "SU-01 no metrics": (
        "base/indexer/autoscaler.yaml",
        "  metrics:\n    - type: Resource\n|  metrics: []\n  x-metrics:\n    - type: Resource\n",
        "has no spec.metrics",
    ),
    "SU-01 window too long": (_HPA, "WindowSeconds: 300|WindowSeconds: 3700", "is 3700: 0 to 3600"),
    "SU-01 period of nothing": (_HPA, "periodSeconds: 30|periodSeconds: 0", "periodSeconds is 0: 1 to 1800"),
    "SU-01 period too long": (_HPA, "periodSeconds: 120|periodSeconds: 1900", "periodSeconds is 1900: 1 to 1800"),
    "SU-01 policy that moves nothing": (_HPA, "value: 50\n|value: 0\n", "a policy's value is 0"),
    "SU-01 type of a policy": (_HPA, "- type: Percent|- type: Percentage", "is Percentage: write Pods or Percent"),
    "SU-01 selection of policies": (
        _HPA,
        "  scaleUp:\n|  scaleUp:\n      selectPolicy: Most\n",
        "selectPolicy is Most",
    ),
    "SU-01 misspelt behaviour": (_HPA, "  behavior:|  behaviour:", "'behaviour' was unexpected"),
    "SU-01 replicas under an autoscaler": (
        _BACKEND,
        "spec:\n  revision|spec:\n  replicas: 3\n  revision",
        "remove replicas",
    ),
    "SU-01 no request of CPU": (_BACKEND, '              cpu: "1"\n|', "of which container backend requests nothing"),
    "SU-01 pods of control": (
        "base/dashboards/deployment.yaml",
        "replicas: 2|replicas: -2",
        "spec.replicas is -2: it cannot be negative",
    ),
    # SU-02
    "SU-02 no request of memory": (_REDIS, "              memory: 512Mi\n|", "has no resources.requests.memory"),
    "SU-02 request above limit": (_FRONTEND, "memory: 256Mi|memory: 1Gi", "the request of memory is above its limit"),
    "SU-02 no quantity": (_FRONTEND, "memory: 512Mi|memory: 512MB", "is no quantity"),
    "SU-02 budget of others": (
        "base/backend/budget.yaml",
        "    matchLabels:\n      app.kubernetes.io/name: backend|    "
        "matchLabels:\n      app.kubernetes.io/name: backends",
        "no PodDisruptionBudget",
    ),
    "SU-02 budget that lets none go": (
        "base/frontend/budget.yaml",
        "maxUnavailable: 1|maxUnavailable: 0",
        "never lets a pod of Deployment frontend go",
    ),
    "SU-02 spread of others": (
        _BACKEND,
        "          labelSelector:\n            matchLabels:\n              app.kubernetes.io/name: backend|          "
        "labelSelector:\n            matchLabels:\n              app.kubernetes.io/name: frontend",
        "counts other pods than its own",
    ),
    "SU-02 word of a spread": (_BACKEND, "ScheduleAnyway|Anyway", "whenUnsatisfiable is Anyway"),
    "SU-02 no wait before the end": (
        _BACKEND,
        "          lifecycle:\n            preStop:\n              sleep: {seconds: 5}\n|",
        "stops while it is still asked",
    ),
    "SU-02 wait that takes all the time": (
        _BACKEND,
        "GracePeriodSeconds: 45|GracePeriodSeconds: 5",
        "waits 5 s of the 5 s",
    ),
    "SU-02 rollout that cannot move": (_BACKEND, "maxSurge: 1|maxSurge: 0", "no rollout can begin"),
    "SU-02 no headless Service": (_QDRANT, "  clusterIP: None\n|", "set clusterIP: None"),
    "SU-02 StatefulSet's Service": (_REDIS, "serviceName: redis|serviceName: store", "there is no Service store"),
    # SU-03
    "SU-03 metric that no rule makes": (
        _ADAPTER,
        "as: requests_per_second|as: requests",
        "makes the metric requests_per_",
    ),
    "SU-03 metric that no program gives": (
        _ADAPTER,
        '"finrag_query_duration_seconds_bucket"|"finrag_query_seconds_bucket"',
        "asks for finrag_query_seconds_bucket",
    ),
    "SU-03 rule for all pods at once": (_ADAPTER, "by (<<.GroupBy>>)|by (pod)", "has no <<.GroupBy>>"),
    "SU-03 trigger without a threshold": (
        _KEDA,
        '        threshold: "100"\n|',
        "the trigger prometheus has no threshold",
    ),
    "SU-03 trigger's metric": (
        _KEDA,
        "finrag_http_requests_total|finrag_requests_total",
        "asks for finrag_requests_total",
    ),
    "SU-03 trigger's type": (_KEDA, "      metricType: Utilization\n|", "has no metricType that it takes"),
    "SU-03 bounds of KEDA": (_KEDA, "minReplicaCount: 3|minReplicaCount: 60", "at least 60 pods, at most 50"),
    "SU-03 scraped path": (_FRONTEND, "path: /_stcore/metrics|path: /metrics", "no route of finrag-frontend"),
    "SU-03 scraped port": (_BACKEND, 'port: "8000"|port: "9000"', "prometheus.io/port is 9000"),
    # SU-04
    "SU-04 two writers": (_REDIS, "  replicas: 1|  replicas: 2", "has one writer and 2 replicas"),
    "SU-04 writers not counted": (_QDRANT, "  replicas: 1\n|", "has one writer and None replicas"),
    "SU-04 writer in a Deployment": (_REDIS, "kind: StatefulSet|kind: Deployment", "may have two pods for a while"),
    "SU-04 label away": (
        _REDIS,
        '    finrag/single-writer: "true"\nspec:|spec:',
        "metadata.labels lack finrag/single-writer",
    ),
    "SU-04 selector without the label": (
        _QDRANT,
        'qdrant\n      finrag/single-writer: "true"|qdrant',
        "spec.selector.matchLabels lack finrag/single-writer",
    ),
    "SU-04 guard not bound": (
        _GUARD,
        "policyName: single-writer\n|policyName: writer\n",
        "no ValidatingAdmissionPolicy writer",
    ),
    "SU-04 guard of creation alone": (_GUARD, "[CREATE, UPDATE]|[CREATE]", "keeps statefulsets with its label at one"),
    "SU-04 scaling not guarded": (
        _GUARD,
        "statefulsets/scale|deployments/scale",
        "keeps statefulsets/scale with its label",
    ),
    "SU-04 guard that lets pass": (_GUARD, "failurePolicy: Fail|failurePolicy: Warn", "failurePolicy is Warn"),
    "SU-04 guard without a reason": (
        _GUARD,
        "      message: This storage has one writer, and a second pod would damage it. Leave it at 1.\n|",
        "a validation has no message",
    ),
    "SU-04 storage scaled": (
        _HPA,
        "    kind: Deployment\n    name: backend|    kind: StatefulSet\n    name: redis",
        "StatefulSet redis has one writer and is not scaled",
    ),
    "SU-04 volume of many": (_QDRANT, "[ReadWriteOnce]|[ReadWriteMany]", "ReadWriteMany lets others write"),
    "SU-04 word of a claim": (_QDRANT, "[ReadWriteOnce]|[RWO]", "accessModes.0 is RWO"),
    "SU-04 claim of nothing": (_REDIS, "            storage: 50Gi|            storage: 0Gi", "asks for no storage"),
    # 5.3
    "5.3 probe of no route": (_BACKEND, "path: /livez|path: /healthz", "/healthz, which is no route of finrag-backend"),
    "5.3 probe of no route of others": (_QDRANT, "path: /livez|path: /live", "/live, which is no route of qdrant"),
    "5.3 probe of no port": (_BACKEND, "path: /livez, port: http|path: /livez, port: web", "asks port web"),
    "5.3 both probes the same": (_BACKEND, "path: /livez|path: /readyz", "both probes ask /readyz"),
    "5.3 no readiness": (_FRONTEND, "          readinessProbe:|          startupProbe2:", "has no readinessProbe"),
    "5.3 answer awaited too long": (
        _BACKEND,
        "            timeoutSeconds: 2|            timeoutSeconds: 3",
        "waits 3 s",
    ),
    "5.3 selector of others": (
        _BACKEND,
        "      app.kubernetes.io/name: backend\n  str|      app.kubernetes.io/name: api\n  str",
        "does not match the labels of its own template",
    ),
    "5.3 Service of nothing": (
        "base/backend/service.yaml",
        "selector:\n    app.kubernetes.io/name: backend|selector:\n    app.kubernetes.io/name: api",
        "its selector matches no pods",
    ),
    "5.3 port of a Service": (
        "base/backend/service.yaml",
        "targetPort: http|targetPort: web",
        "targetPort web is no port",
    ),
    "5.3 Secret that is not there": (_REDIS, "secretName: redis-users|secretName: redis-acl", "no Secret redis-acl"),
    "5.3 key that is not there": (_FRONTEND, "key: FINRAG_API_KEY|key: API_KEY", "has no key API_KEY"),
    "5.3 settings that are not there": (_BACKEND, "name: store-settings|name: settings", "no ConfigMap settings"),
    "5.3 image without a version": (_REDIS, "image: redis:7.4.2|image: redis", "names no version"),
    "5.3 root": (_QDRANT, "runAsNonRoot: true|runAsNonRoot: false", "may run as root"),
    "5.3 writable image": (
        _BACKEND,
        "readOnlyRootFilesystem: true|readOnlyRootFilesystem: false",
        "may write into its image",
    ),
    "5.3 token for nothing": (_FRONTEND, "      automountServiceAccountToken: false\n|", "no rights there"),
    "5.3 scratch without an end": (
        _BACKEND,
        "          emptyDir:\n            sizeLimit: 4300Mi|          emptyDir: {}",
        "may fill the node's disk",
    ),
    "5.3 pods of no policy": (
        _POLICY,
        "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: backend|  podSelector:\n"
        "    matchLabels:\n      app.kubernetes.io/name: redis",
        "no NetworkPolicy beside it is for its pods",
    ),
    "5.3 peers that are not there": (_POLICY, "name: frontend|name: chat", "names pods that do not exist"),
    "5.3 peers that do not let in": (
        "base/storage/network-policies.yaml",
        "app.kubernetes.io/name: backend\n      ports:\n        - {protocol: TCP, port: 6379}|app.kubernetes.io/name: "
        "indexer\n      ports:\n        - {protocol: TCP, port: 6379}",
        "whose own policy lets nobody in",
    ),
    "5.3 way out to everybody": (_POLICY, "            except: |            # except: ", "which is everybody"),
    "5.3 value of a secret": (
        "base/secrets.yaml",
        'STREAMLIT_SERVER_COOKIE_SECRET: ""|STREAMLIT_SERVER_COOKIE_SECRET: made-up',
        "has a value",
    ),
    "5.3 Ingress to nothing": (
        "components/ingress/ingress.yaml",
        "                name: frontend|                name: chat",
        "there is no Service chat",
    ),
    "5.3 switch without quotes": (_REDIS, '- "yes"|- yes', "yes without quotes"),
}
