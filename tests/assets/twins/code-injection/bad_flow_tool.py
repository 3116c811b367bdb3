import gradio as gr


def compute(text):
    return eval(text)  # FINDING


gr.Interface(fn=compute, inputs="text", outputs="text").launch()
