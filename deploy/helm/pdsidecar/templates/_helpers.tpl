{{- define "pdsidecar.name" -}}
{{- if contains "pdsidecar" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-pdsidecar" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "pdsidecar.selectorLabels" -}}
app.kubernetes.io/name: pdsidecar
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pdsidecar.labels" -}}
{{ include "pdsidecar.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "pdsidecar.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "pdsidecar.name" .) }}
{{- end }}

{{- define "pdsidecar.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/* For the pod: the sidecar's group for every container, so that the connector reaches the socket. */}}
{{- define "pdsidecar.podSecurityContext" -}}
runAsNonRoot: true
fsGroup: 1654
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* For containers: nothing that they do not need. */}}
{{- define "pdsidecar.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* For the connector's container. */}}
{{- define "pdsidecar.connectorVolumeMount" -}}
- name: pdsidecar-socket
  mountPath: /run/pdsidecar
  readOnly: true
{{- end }}

{{/* The sidecar, for the list initContainers: up before the connector starts, and gone after the connector has ended. */}}
{{- define "pdsidecar.container" -}}
- name: pdsidecar
  image: {{ include "pdsidecar.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  restartPolicy: Always
  args: [serve]
  env:
    - name: POD_NAME
      valueFrom:
        fieldRef:
          fieldPath: metadata.name
    - name: PDSIDECAR_DATA
      value: /data/state
    - name: PDSIDECAR_GRPC_SOCKET
      value: /run/pdsidecar/grpc.sock
    - name: PDSIDECAR_GRPC_SOCKET_MODE
      value: "0660"
    - name: PDSIDECAR_GRPC_SOCKET_CALLERS
      value: {{ .Values.connectorUser | int64 }}=connector:$(POD_NAME)
    # For the commands that an administrator runs in this container.
    - name: PDSIDECAR_ADDRESS
      value: unix:///run/pdsidecar/grpc.sock
    {{- if .Values.encryptionKey.existingSecret }}
    - name: PDSIDECAR_ENCRYPTION_KEY_FILE
      value: /etc/pdsidecar/secrets/{{ .Values.encryptionKey.key }}
    {{- end }}
    {{- if .Values.http.existingTlsSecret }}
    - name: PDSIDECAR_HTTP
      value: 0.0.0.0:{{ .Values.http.port | int64 }}
    - name: PDSIDECAR_HTTP_TLS_CERT
      value: /etc/pdsidecar/tls/tls.crt
    - name: PDSIDECAR_HTTP_TLS_KEY
      value: /etc/pdsidecar/tls/tls.key
    {{- end }}
    {{- range $key, $value := .Values.config }}
    - name: PDSIDECAR_{{ upper $key }}
      value: {{ $value | toString | quote }}
    {{- end }}
  {{- if .Values.http.existingTlsSecret }}
  ports:
    - name: sidecar-http
      containerPort: {{ .Values.http.port | int64 }}
  {{- end }}
  startupProbe:
    exec:
      command: [/app/pdsidecar, health]
    periodSeconds: 1
    timeoutSeconds: 3
    failureThreshold: 60
  readinessProbe:
    exec:
      command: [/app/pdsidecar, health]
    periodSeconds: 10
    timeoutSeconds: 3
  livenessProbe:
    exec:
      command: [/app/pdsidecar, health]
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 3
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  securityContext:
    runAsUser: 1654
    runAsGroup: 1654
    {{- include "pdsidecar.securityContext" . | nindent 4 }}
  volumeMounts:
    - name: pdsidecar-data
      mountPath: /data
    - name: pdsidecar-socket
      mountPath: /run/pdsidecar
    {{- if .Values.encryptionKey.existingSecret }}
    - name: pdsidecar-encryption-key
      mountPath: /etc/pdsidecar/secrets
      readOnly: true
    {{- end }}
    {{- if .Values.http.existingTlsSecret }}
    - name: pdsidecar-tls
      mountPath: /etc/pdsidecar/tls
      readOnly: true
    {{- end }}
    {{- with .Values.extraVolumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* The volumes. Without an existing claim, persistence is a claim template of a StatefulSet: see pdsidecar.volumeClaimTemplate. */}}
{{- define "pdsidecar.volumes" -}}
- name: pdsidecar-socket
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- if not .Values.persistence.enabled }}
- name: pdsidecar-data
  emptyDir: {}
{{- else if .Values.persistence.existingClaim }}
- name: pdsidecar-data
  persistentVolumeClaim:
    claimName: {{ .Values.persistence.existingClaim }}
{{- end }}
{{- with .Values.encryptionKey.existingSecret }}
- name: pdsidecar-encryption-key
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with .Values.http.existingTlsSecret }}
- name: pdsidecar-tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "pdsidecar.volumeClaimTemplate" -}}
metadata:
  name: pdsidecar-data
spec:
  accessModes: [{{ .Values.persistence.accessMode }}]
  {{- with .Values.persistence.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ .Values.persistence.size }}
{{- end }}
