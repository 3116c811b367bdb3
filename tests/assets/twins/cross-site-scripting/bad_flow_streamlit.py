import streamlit as st

name = st.text_input("Name")
st.markdown(f"<b>{name}</b>", unsafe_allow_html=True)  # FINDING
