class request_wrapper:
    def __init__(self, request):
        self.request = request

    def get_form_parameter(self, name):
        return self.request.form.get(name)

    def get_safe_value(self, name):
        return "bar"
