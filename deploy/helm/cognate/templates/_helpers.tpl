{{- define "cognate.name" -}}
{{- if contains "cognate" .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-cognate" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "cognate.selector" -}}
app.kubernetes.io/name: cognate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "cognate.labels" -}}
{{ include "cognate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "cognate.secret" -}}
{{- default (include "cognate.name" .) .Values.secret.existing -}}
{{- end -}}

{{- define "cognate.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "cognate.name" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}
