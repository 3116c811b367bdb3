größe = 3  # Übergröße für Füße
GRUSS = "Schöne Grüße"
