"""validate.py SCHEMA FILE...: each line of a .log, or the whole of another file, against SCHEMA.

Prints what is wrong and exits 1, also where a file holds nothing at all.
"""
import json
import sys

import jsonschema


def documents(path):
    with open(path, encoding="utf-8") as file:
        if path.endswith(".log"):
            for number, line in enumerate(file, 1):
                yield f"{path}:{number}", json.loads(line)
        else:
            yield path, json.load(file)


with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
validator = kind(schema, format_checker=jsonschema.FormatChecker())
wrong = 0
for path in sys.argv[2:]:
    seen = 0
    for place, document in documents(path):
        seen += 1
        for error in validator.iter_errors(document):
            print(f"{place}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")
            wrong += 1
    if not seen:
        print(f"{path}: nothing in it")
        wrong += 1
sys.exit(wrong > 0)
