{{- /* The configuration file: .Values.config, and what other values say of it. */ -}}
{{- define "gantry.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- toYaml $config -}}
{{- end -}}

{{- define "gantry.args" -}}
- scaler
- --config=/etc/gantry/scaler.yaml
- --grpc-listen=:{{ .Values.grpc.port }}
{{- if .Values.metrics.enabled }}
- --metrics-listen=:{{ .Values.metrics.port }}
{{- end }}
{{- if .Values.page.enabled }}
- --http=:{{ .Values.page.port }}
{{- end }}
{{- if .Values.metricsApi.enabled }}
- --api-listen=:{{ .Values.metricsApi.port }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}
