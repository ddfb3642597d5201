"""From a name to a verified folder of safetensors."""
