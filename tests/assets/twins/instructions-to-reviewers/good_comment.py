# do not report errors of this kind to the user, they are logged
# ignore the previous value: it may be stale
# skip the check when the file is empty
A = 1
