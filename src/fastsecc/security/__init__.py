"""Certificates, keys and OCSP staples: found in a folder, checked, made into TLS profiles."""
