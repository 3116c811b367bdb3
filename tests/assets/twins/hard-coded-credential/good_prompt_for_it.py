import getpass

import streamlit as st

password = getpass.getpass("Password: ")
token = st.text_input("Token", type="password")
api_key = input("API key: ")
