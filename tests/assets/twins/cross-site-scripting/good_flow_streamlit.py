import html

import streamlit as st

name = st.text_input("Name")
st.markdown(f"<b>{html.escape(name)}</b>", unsafe_allow_html=True)
st.markdown(f"**{name}**")
