{{- define "gantry.name" -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "gantry.selector" -}}
app.kubernetes.io/name: gantry-scaler
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "gantry.labels" -}}
{{ include "gantry.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: scaler
{{- end -}}

{{- define "gantry.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "gantry.name" .) -}}
{{- end -}}

{{- /* whether the pods talk to the API server at all */ -}}
{{- define "gantry.asksApiServer" -}}
{{- if or .Values.page.enabled .Values.metricsApi.enabled -}}true{{- end -}}
{{- end -}}
