{{- /* The configuration file: what other values say of it, and over that .Values.config. */ -}}
{{- define "gantry.config" -}}
{{- $own := dict -}}
{{- if .Values.grpc.tls.secretName -}}
  {{- $tls := dict "certificate" "/etc/gantry/tls/grpc/tls.crt" "key" "/etc/gantry/tls/grpc/tls.key" -}}
  {{- if .Values.grpc.tls.requireClientCertificate -}}
    {{- $_ := set $tls "clientCa" "/etc/gantry/tls/grpc/ca.crt" -}}
  {{- end -}}
  {{- $_ := set $own "grpc" (dict "tls" $tls) -}}
{{- end -}}
{{- if .Values.credentials -}}
  {{- $_ := set $own "credentials" (dict "directory" "/etc/gantry/credentials") -}}
{{- end -}}
{{- if .Values.brokerCa.configMapName -}}
  {{- $_ := set $own "rocketmq" (dict "tls" (dict "ca" "/etc/gantry/tls/broker/ca.crt")) -}}
{{- end -}}
{{- if .Values.metricsApi.enabled -}}
  {{- $tls := dict "certificate" "/etc/gantry/tls/metrics-api/tls.crt" "key" "/etc/gantry/tls/metrics-api/tls.key" -}}
  {{- $api := dict "tls" $tls -}}
  {{- if not .Values.metricsApi.custom -}}
    {{- $_ := set $api "watchPods" false -}}
  {{- end -}}
  {{- $_ := set $own "metricsApi" $api -}}
{{- end -}}
{{- toYaml (mergeOverwrite $own (deepCopy .Values.config)) -}}
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
