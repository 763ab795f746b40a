{{- define "kitae.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The release's name, with the chart's unless it has that already. */}}
{{- define "kitae.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "kitae.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "kitae.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Names of what has no namespace: two releases must not share them. */}}
{{- define "kitae.clustername" -}}
{{- printf "%s:%s" .Release.Namespace (include "kitae.fullname" .) -}}
{{- end -}}

{{- define "kitae.selectorLabels" -}}
app.kubernetes.io/name: {{ include "kitae.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Not on pods: a new chart would start them again. */}}
{{- define "kitae.labels" -}}
{{ include "kitae.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: kitae
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kitae.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "kitae.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.create is false: set serviceAccount.name to one that is there" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "kitae.image" -}}
{{- with .Values.image -}}
{{- if .registry }}{{ .registry }}/{{ end }}{{ .repository -}}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* A Role or ClusterRole, and whom it is given to: (dict "root" $ "kind" "Role" "name" ... "namespace" ... "rules" TEXT) */}}
{{- define "kitae.role" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name | quote }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "kitae.labels" .root | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
rules:
{{ trim .rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name | quote }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "kitae.labels" .root | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ default (include "kitae.serviceAccountName" .root) .account }}
    namespace: {{ .root.Release.Namespace }}
{{- end -}}

{{- define "kitae.namespaceArgs" -}}
{{- $args := list -}}
{{- range .Values.watchNamespaces }}{{ $args = append $args (printf "--namespace=%s" .) }}{{ end -}}
{{- toJson $args -}}
{{- end -}}

{{/* The pod of a hook: (dict "root" $ "account" NAME "container" NAME "args" LIST) */}}
{{- define "kitae.hookPod" -}}
serviceAccountName: {{ .account }}
restartPolicy: Never
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .root.Values.podSecurityContext | nindent 2 }}
containers:
  - name: {{ .container }}
    image: {{ include "kitae.image" .root | quote }}
    imagePullPolicy: {{ .root.Values.image.pullPolicy }}
    args: {{ toJson .args }}
    resources:
      requests: {cpu: 10m, memory: 16Mi}
      limits: {memory: 128Mi}
    securityContext:
      {{- toYaml .root.Values.securityContext | nindent 6 }}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
