import streamlit as st

WIDTH = 640
STYLE = f"<style>.block {{ max-width: {WIDTH}px }}</style>"
st.markdown(STYLE, unsafe_allow_html=True)
st.markdown("<hr>", unsafe_allow_html=True)
