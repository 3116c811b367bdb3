OpenAI = print
