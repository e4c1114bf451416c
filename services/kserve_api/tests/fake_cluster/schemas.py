"""Hand-written schemas of the fields that we, KServe, Knative and kubectl write: anything else is an unknown field."""

from __future__ import annotations

from typing import Any

__all__ = ["SCHEMAS", "Json", "Schema"]

Json = Any  # Whatever JSON can be.
Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
BOOLEAN: Schema = {"type": "boolean"}
INT_OR_STRING: Schema = {"x-kubernetes-int-or-string": True}
QUANTITY: Schema = INT_OR_STRING | {"format": "quantity"}
ANYTHING: Schema = {"x-kubernetes-preserve-unknown-fields": True}


def record(*required: str, **properties: Schema) -> Schema:
    """An object with exactly these fields (a name that Python reserves ends in `_`)."""
    named = {name.rstrip("_"): schema for name, schema in properties.items()}
    return {"type": "object", "properties": named, **({"required": list(required)} if required else {})}


def mapping(of: Schema) -> Schema:
    """An object with free keys."""
    return {"type": "object", "additionalProperties": of}


def array(of: Schema) -> Schema:
    """A list that is replaced as a whole."""
    return {"type": "array", "items": of}


def keyed(of: Schema, *keys: str) -> Schema:
    """A list whose items are told apart by these fields: patches and server-side apply merge it item by item."""
    return array(of) | {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


def set_of(of: Schema) -> Schema:
    """A list of scalars that is merged as a set."""
    return array(of) | {"x-kubernetes-list-type": "set"}


STRINGS = mapping(STRING)
REFERENCE = record(
    apiVersion=STRING, kind=STRING, name=STRING, namespace=STRING, uid=STRING, resourceVersion=STRING, fieldPath=STRING
)
SELECTOR = record(
    matchLabels=STRINGS,
    matchExpressions=array(record("key", "operator", key=STRING, operator=STRING, values=array(STRING))),
)
METADATA = record(
    name=STRING,
    generateName=STRING,
    namespace=STRING,
    uid=STRING,
    resourceVersion=STRING,
    generation=INTEGER,
    creationTimestamp={"type": "string", "nullable": True},
    deletionTimestamp=STRING,
    deletionGracePeriodSeconds=INTEGER,
    selfLink=STRING,
    labels=STRINGS,
    annotations=STRINGS,
    finalizers=set_of(STRING),
    managedFields=array(ANYTHING),
    ownerReferences=keyed(
        record(
            "apiVersion",
            "kind",
            "name",
            "uid",
            apiVersion=STRING,
            kind=STRING,
            name=STRING,
            uid=STRING,
            controller=BOOLEAN,
            blockOwnerDeletion=BOOLEAN,
        ),
        "uid",
    ),
)

_KEY_OF = record("key", key=STRING, name=STRING, optional=BOOLEAN)
_FIELD_OF = record("fieldPath", apiVersion=STRING, fieldPath=STRING)
ENV = record(
    "name",
    name=STRING,
    value=STRING,
    valueFrom=record(
        secretKeyRef=_KEY_OF,
        configMapKeyRef=_KEY_OF,
        fieldRef=_FIELD_OF,
        resourceFieldRef=record("resource", resource=STRING, containerName=STRING, divisor=QUANTITY),
    ),
)
_SOURCE = record(name=STRING, optional=BOOLEAN)
_PROBE = record(
    httpGet=record("port", path=STRING, port=INT_OR_STRING, host=STRING, scheme=STRING, httpHeaders=array(ANYTHING)),
    tcpSocket=record("port", port=INT_OR_STRING, host=STRING),
    exec=record(command=array(STRING)),
    grpc=record("port", port=INTEGER, service=STRING),
    initialDelaySeconds=INTEGER,
    periodSeconds=INTEGER,
    timeoutSeconds=INTEGER,
    successThreshold=INTEGER,
    failureThreshold=INTEGER,
    terminationGracePeriodSeconds=INTEGER,
)
_SECURITY = record(
    allowPrivilegeEscalation=BOOLEAN,
    capabilities=record(add=array(STRING), drop=array(STRING)),
    privileged=BOOLEAN,
    readOnlyRootFilesystem=BOOLEAN,
    runAsGroup=INTEGER,
    runAsNonRoot=BOOLEAN,
    runAsUser=INTEGER,
    seccompProfile=record("type", type=STRING, localhostProfile=STRING),
)
_POD_SECURITY = record(
    fsGroup=INTEGER,
    runAsGroup=INTEGER,
    runAsNonRoot=BOOLEAN,
    runAsUser=INTEGER,
    seccompProfile=record("type", type=STRING, localhostProfile=STRING),
)
CONTAINER = record(
    "name",
    name=STRING,
    image=STRING,
    imagePullPolicy=STRING,
    command=array(STRING),
    args=array(STRING),
    workingDir=STRING,
    env=keyed(ENV, "name"),
    envFrom=array(record(prefix=STRING, secretRef=_SOURCE, configMapRef=_SOURCE)),
    ports=keyed(
        record("containerPort", name=STRING, containerPort=INTEGER, protocol=STRING, hostPort=INTEGER, hostIP=STRING),
        "containerPort",
        "protocol",
    ),
    resources=record(requests=mapping(QUANTITY), limits=mapping(QUANTITY)),
    livenessProbe=_PROBE,
    readinessProbe=_PROBE,
    startupProbe=_PROBE,
    lifecycle=ANYTHING,
    securityContext=_SECURITY,
    terminationMessagePath=STRING,
    terminationMessagePolicy=STRING,
    volumeMounts=keyed(
        record("name", "mountPath", name=STRING, mountPath=STRING, subPath=STRING, readOnly=BOOLEAN), "mountPath"
    ),
)
_POD_FIELDS: dict[str, Schema] = {
    "containers": keyed(CONTAINER, "name"),
    "initContainers": keyed(CONTAINER, "name"),
    "volumes": keyed(
        record(
            "name",
            name=STRING,
            emptyDir=record(medium=STRING, sizeLimit=QUANTITY),
            configMap=ANYTHING,
            secret=ANYTHING,
            projected=ANYTHING,
        ),
        "name",
    ),
    "imagePullSecrets": keyed(record(name=STRING), "name"),
    "serviceAccountName": STRING,
    "serviceAccount": STRING,
    "automountServiceAccountToken": BOOLEAN,
    "enableServiceLinks": BOOLEAN,
    "nodeName": STRING,
    "nodeSelector": STRINGS,
    "priorityClassName": STRING,
    "restartPolicy": STRING,
    "dnsPolicy": STRING,
    "schedulerName": STRING,
    "securityContext": _POD_SECURITY,
    "terminationGracePeriodSeconds": INTEGER,
    "tolerations": array(ANYTHING),
    "topologySpreadConstraints": array(ANYTHING),
    "affinity": ANYTHING,
}
POD_SPEC = record("containers", **_POD_FIELDS)
POD_TEMPLATE = record(metadata=METADATA, spec=POD_SPEC)
_REVISION_FIELDS = _POD_FIELDS | {
    "containerConcurrency": INTEGER,
    "timeoutSeconds": INTEGER,
    "responseStartTimeoutSeconds": INTEGER,
    "idleTimeoutSeconds": INTEGER,
}
_PREDICTOR = record(
    **_POD_FIELDS,
    minReplicas=INTEGER,
    maxReplicas=INTEGER,
    scaleTarget=INTEGER,
    scaleMetric={"type": "string", "enum": ["cpu", "memory", "concurrency", "rps"]},
    scaleMetricType=STRING,
    autoScaling=ANYTHING,
    canaryTrafficPercent=INTEGER,
    containerConcurrency=INTEGER,
    timeout=INTEGER,
    batcher=ANYTHING,
    logger=ANYTHING,
    model=ANYTHING,
    labels=STRINGS,
    annotations=STRINGS,
    deploymentStrategy=ANYTHING,
)
_TRAFFIC = record(
    revisionName=STRING,
    configurationName=STRING,
    latestRevision=BOOLEAN,
    percent=INTEGER,
    tag=STRING,
    url=STRING,
)
_RULE = record(
    "verbs",
    apiGroups=array(STRING),
    resources=array(STRING),
    resourceNames=array(STRING),
    nonResourceURLs=array(STRING),
    verbs=array(STRING),
)
_ROLE: dict[str, Schema] = {"rules": array(_RULE), "aggregationRule": ANYTHING}
_BINDING: dict[str, Schema] = {
    "roleRef": record("apiGroup", "kind", "name", apiGroup=STRING, kind=STRING, name=STRING),
    "subjects": array(record("kind", "name", apiGroup=STRING, kind=STRING, name=STRING, namespace=STRING)),
}
_ATTRIBUTES = record(
    group=STRING, version=STRING, resource=STRING, subresource=STRING, verb=STRING, namespace=STRING, name=STRING
)


def _whole(*required: str, **fields: Schema) -> Schema:
    return record(*required, apiVersion=STRING, kind=STRING, metadata=METADATA, **fields)


def _with_status(spec: Schema, *required: str) -> Schema:
    return _whole(*required, spec=spec, status=ANYTHING)


# By plural.group, as kinds are keyed.
SCHEMAS: dict[str, Schema] = {
    "inferenceservices.serving.kserve.io": _with_status(
        record("predictor", predictor=_PREDICTOR, transformer=_PREDICTOR, explainer=_PREDICTOR)
    ),
    "servingruntimes.serving.kserve.io": _with_status(ANYTHING),
    "clusterservingruntimes.serving.kserve.io": _with_status(ANYTHING),
    "services.serving.knative.dev": _with_status(
        record(
            template=record(metadata=METADATA, spec=record("containers", **_REVISION_FIELDS)), traffic=array(_TRAFFIC)
        )
    ),
    "configurations.serving.knative.dev": _with_status(
        record(template=record(metadata=METADATA, spec=record("containers", **_REVISION_FIELDS)))
    ),
    "revisions.serving.knative.dev": _with_status(record("containers", **_REVISION_FIELDS)),
    "routes.serving.knative.dev": _with_status(record(traffic=array(_TRAFFIC))),
    "domainmappings.serving.knative.dev": _with_status(
        record("ref", ref=record("kind", "name", **REFERENCE["properties"], address=STRING), tls=ANYTHING)
    ),
    "podautoscalers.autoscaling.internal.knative.dev": _with_status(
        record(
            "protocolType",
            "scaleTargetRef",
            containerConcurrency=INTEGER,
            protocolType=STRING,
            reachability=STRING,
            scaleTargetRef=record(apiVersion=STRING, kind=STRING, name=STRING),
        )
    ),
    "clusterdomainclaims.networking.internal.knative.dev": _whole(spec=record("namespace", namespace=STRING)),
    "certificates.networking.internal.knative.dev": _with_status(ANYTHING),
    "ingresses.networking.internal.knative.dev": _with_status(ANYTHING),
    "namespaces": _with_status(record(finalizers=array(STRING))),
    "secrets": _whole(data=STRINGS, stringData=STRINGS, type=STRING, immutable=BOOLEAN),
    "configmaps": _whole(data=STRINGS, binaryData=STRINGS, immutable=BOOLEAN),
    "pods": _with_status(POD_SPEC),
    "events": _whole(
        involvedObject=REFERENCE,
        reason=STRING,
        message=STRING,
        type=STRING,
        action=STRING,
        count=INTEGER,
        source=record(component=STRING, host=STRING),
        firstTimestamp={"type": "string", "nullable": True},
        lastTimestamp={"type": "string", "nullable": True},
        eventTime={"type": "string", "nullable": True},
        series=ANYTHING,
        related=REFERENCE,
        reportingComponent=STRING,
        reportingInstance=STRING,
    ),
    "services": _with_status(
        record(
            type=STRING,
            selector=STRINGS,
            clusterIP=STRING,
            clusterIPs=array(STRING),
            externalName=STRING,
            sessionAffinity=STRING,
            internalTrafficPolicy=STRING,
            ipFamilies=array(STRING),
            ipFamilyPolicy=STRING,
            ports=keyed(
                record(
                    "port",
                    name=STRING,
                    port=INTEGER,
                    targetPort=INT_OR_STRING,
                    protocol=STRING,
                    nodePort=INTEGER,
                    appProtocol=STRING,
                ),
                "port",
                "protocol",
            ),
        )
    ),
    "serviceaccounts": _whole(
        automountServiceAccountToken=BOOLEAN, imagePullSecrets=array(record(name=STRING)), secrets=array(REFERENCE)
    ),
    "resourcequotas": _with_status(record(hard=mapping(QUANTITY), scopes=array(STRING), scopeSelector=ANYTHING)),
    "limitranges": _whole(spec=ANYTHING),
    "deployments.apps": _with_status(
        record(
            "selector",
            "template",
            replicas=INTEGER,
            selector=SELECTOR,
            template=POD_TEMPLATE,
            strategy=record(type=STRING, rollingUpdate=record(maxSurge=INT_OR_STRING, maxUnavailable=INT_OR_STRING)),
            minReadySeconds=INTEGER,
            paused=BOOLEAN,
            progressDeadlineSeconds=INTEGER,
            revisionHistoryLimit=INTEGER,
        )
    ),
    "networkpolicies.networking.k8s.io": _whole(
        spec=record(
            "podSelector",
            podSelector=SELECTOR,
            policyTypes=array(STRING),
            ingress=array(record(ports=array(ANYTHING), from_=array(ANYTHING))),
            egress=array(record(ports=array(ANYTHING), to=array(ANYTHING))),
        )
    ),
    "poddisruptionbudgets.policy": _with_status(
        record(
            minAvailable=INT_OR_STRING,
            maxUnavailable=INT_OR_STRING,
            selector=SELECTOR,
            unhealthyPodEvictionPolicy=STRING,
        )
    ),
    "horizontalpodautoscalers.autoscaling": _with_status(ANYTHING),
    "roles.rbac.authorization.k8s.io": _whole(**_ROLE),
    "clusterroles.rbac.authorization.k8s.io": _whole(**_ROLE),
    "rolebindings.rbac.authorization.k8s.io": _whole("roleRef", **_BINDING),
    "clusterrolebindings.rbac.authorization.k8s.io": _whole("roleRef", **_BINDING),
    "customresourcedefinitions.apiextensions.k8s.io": _with_status(ANYTHING),
    "selfsubjectaccessreviews.authorization.k8s.io": _with_status(
        record(resourceAttributes=_ATTRIBUTES, nonResourceAttributes=record(path=STRING, verb=STRING)), "spec"
    ),
    "selfsubjectrulesreviews.authorization.k8s.io": _with_status(record(namespace=STRING), "spec"),
}
