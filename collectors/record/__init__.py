"""The recording of a device: what each eye can see of it, without its secrets, as a folder that replay reads."""
