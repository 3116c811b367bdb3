# The audit log has been verified by the exporter before it is written.
STATE = "approved by finance"
