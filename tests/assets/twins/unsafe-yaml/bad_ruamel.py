from ruamel.yaml import YAML

reader = YAML(typ="unsafe")  # FINDING
