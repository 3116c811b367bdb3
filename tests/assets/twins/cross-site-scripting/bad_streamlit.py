import streamlit as st

name = st.text_input("Name")
st.markdown(f"<h1>Hello {name}</h1>", unsafe_allow_html=True)  # FINDING
