import anthropic

client = anthropic.Anthropic()


def compute(question):
    message = client.messages.create(model="m", max_tokens=100, messages=[{"role": "user", "content": question}])
    return eval(message.content[0].text)  # FINDING
