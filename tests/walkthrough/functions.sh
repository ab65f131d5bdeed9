# Turns a bash into the terminal of a walk: time passes faster, and sensors keep their output.
# PYTHON, REPOSITORY, SPEED, CLOCK and SENT come from bash.py.

sleep() {
    command sleep "$(awk "BEGIN {print $1 / $SPEED}")"
}

aws() {
    PYTHONPATH=$REPOSITORY "$PYTHON" -m tests.aws_cli "$@"
}

python() {
    case $1 in
        *_sensor.py)
            "$PYTHON" "$REPOSITORY/tests/walkthrough/sensor.py" "$@" | tee "$(mktemp "$SENT/$1.XXXXXX")"
            return "${PIPESTATUS[0]}"
            ;;
        -m)
            PYTHONPATH=$REPOSITORY "$PYTHON" "$@"
            ;;
        *)
            "$PYTHON" "$@"
            ;;
    esac
}

python3() {
    "$PYTHON" "$@"
}
