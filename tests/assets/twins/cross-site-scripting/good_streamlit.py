import html

import streamlit as st

name = st.text_input("Name")
st.markdown(f"<h1>Hello {html.escape(name)}</h1>", unsafe_allow_html=True)
