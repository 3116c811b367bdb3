from PIL import Image
app = Image
