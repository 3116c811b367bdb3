import cv2  # FINDING
app = cv2
