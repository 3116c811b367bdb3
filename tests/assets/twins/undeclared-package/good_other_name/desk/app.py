import yaml
app = yaml
