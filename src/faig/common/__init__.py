"""What anything may use: errors, files, progress, settings; it knows no network and no image."""
