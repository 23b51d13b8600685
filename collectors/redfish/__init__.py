"""The Redfish eye: JSON resources of a management controller as rows of columns, over HTTPS or out of a folder."""
