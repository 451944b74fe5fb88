{{- define "gantry.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- /* the headless Service that gives each pod its name */ -}}
{{- define "gantry.peersName" -}}
{{ include "gantry.name" . }}-peers
{{- end -}}

{{- define "gantry.selector" -}}
app.kubernetes.io/name: gantry-controller
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: controller
{{- end -}}

{{- define "gantry.labels" -}}
{{ include "gantry.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}

{{- define "gantry.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "gantry.name" .) -}}
{{- end -}}

{{- define "gantry.address" -}}
{{- $root := index . 0 -}}
{{ include "gantry.name" $root }}-{{ index . 1 }}.{{ include "gantry.peersName" $root }}.{{ $root.Release.Namespace }}.svc.{{ $root.Values.clusterDomain }}:{{ $root.Values.port }}
{{- end -}}

{{- /* controllerAddr of brokers */ -}}
{{- define "gantry.addresses" -}}
{{- $all := list -}}
{{- range $n := until (int .Values.replicas) -}}
  {{- $all = append $all (include "gantry.address" (list $ $n)) -}}
{{- end -}}
{{- join ";" $all -}}
{{- end -}}

{{- /* The configuration file, the same for all pods: what other values say of it, and over that .Values.config. */ -}}
{{- define "gantry.config" -}}
{{- $peers := dict -}}
{{- range $n := until (int .Values.replicas) -}}
  {{- $_ := set $peers (printf "n%d" $n) (include "gantry.address" (list $ $n)) -}}
{{- end -}}
{{- /* below the volume's root, where file systems keep things of their own */ -}}
{{- $own := dict "group" .Values.group "peers" $peers "listenHost" "0.0.0.0" "http" (printf ":%d" (int .Values.http.port)) "dataDirectory" "/var/lib/gantry/data" -}}
{{- if .Values.tls.secretName -}}
  {{- $dir := "/etc/gantry/tls" -}}
  {{- $_ := set $own "tls" (dict "certificate" (printf "%s/tls.crt" $dir) "key" (printf "%s/tls.key" $dir) "ca" (printf "%s/ca.crt" $dir) "required" .Values.tls.required) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $own (deepCopy .Values.config)) -}}
{{- end -}}
