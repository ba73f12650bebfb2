"""kitfox: the microservice kit for Python."""
