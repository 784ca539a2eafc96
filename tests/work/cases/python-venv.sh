# shellcheck shell=bash
# A virtual environment, its pip, and a package installed from a wheel; all offline.
# needs: python3

prepare() {
	cat >wheel.py <<-'TEXT'
	import zipfile

	files = {
	    "sample.py": "def main():\n    print('sample runs')\n",
	    "sample-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: sample\nVersion: 1.0\n",
	    "sample-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\n"
	    "Root-Is-Purelib: true\nTag: py3-none-any\n",
	    "sample-1.0.dist-info/entry_points.txt": "[console_scripts]\nsample = sample:main\n",
	}
	files["sample-1.0.dist-info/RECORD"] = "".join(f"{name},,\n" for name in files)
	with zipfile.ZipFile("sample-1.0-py3-none-any.whl", "w") as wheel:
	    for name, text in files.items():
	        wheel.writestr(name, text)
	TEXT
}

inside() {
	python3 wheel.py
	python3 -m venv environment
	# shellcheck disable=SC1091 # made a moment ago
	set +u && . environment/bin/activate && set -u
	pip install --quiet --no-index ./sample-1.0-py3-none-any.whl
	equal 'sample runs' "$(sample)"
	pip uninstall --quiet --yes sample
}
