import gradio as gr


def compute(text):
    return float(text) * 2


gr.Interface(fn=compute, inputs="text", outputs="text").launch()
