{{- /* who may scrape: the namespaces of networkPolicy.metricsNamespaces, or anybody */ -}}
{{- define "gantry.fromMetricsNamespaces" -}}
{{- with .Values.networkPolicy.metricsNamespaces }}
from:
  {{- range . }}
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "gantry.egressToRocketmq" -}}
- ports: # DNS
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
- ports: # name servers and brokers
    {{- range .Values.networkPolicy.rocketmqPorts }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end -}}
