from openai import OpenAI

client = OpenAI()


def answer(question, cursor):
    made = client.chat.completions.create(model="m", messages=[{"role": "user", "content": question}])
    query = made.choices[0].message.content
    return cursor.execute(query).fetchall()  # FINDING
