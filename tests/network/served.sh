# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # variables of tests/network.sh
# What the web servers have: pages, a repository, a package for pip and one for npm (sourced; needs
# $internet).

printf 'hello\n' >"$internet/www/index.html"
printf 'package-list\n' >"$internet/www/list"

(
	cd "$internet" && git init -q -b main work && cd work &&
		printf 'cloned file\n' >file && git add file &&
		git -c user.name=t -c user.email=t@example.org commit -q -m first && cd .. &&
		git clone -q --bare work www/repository.git && git -C www/repository.git update-server-info
) || exit 1

# A wheel is an archive with names of its own.
mkdir -p "$internet/www/simple/thing" "$internet/www/npm"
python3 - "$internet/www" <<'P' || exit 1
import base64, hashlib, io, json, sys, tarfile, zipfile
www = sys.argv[1]
wheel = "thing-1.0-py3-none-any.whl"
with zipfile.ZipFile(www + "/simple/thing/" + wheel, "w") as archive:
    archive.writestr("thing.py", "")
    archive.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    archive.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    archive.writestr("thing-1.0.dist-info/RECORD", "")
open(www + "/simple/thing/index.html", "w").write('<a href="%s">%s</a>' % (wheel, wheel))
package = json.dumps({"name": "thing", "version": "1.0.0"}).encode()
data = io.BytesIO()
with tarfile.open(fileobj=data, mode="w:gz") as archive:
    entry = tarfile.TarInfo("package/package.json")
    entry.size = len(package)
    archive.addfile(entry, io.BytesIO(package))
open(www + "/thing-1.0.0.tgz", "wb").write(data.getvalue())
digest = base64.b64encode(hashlib.sha512(data.getvalue()).digest()).decode()
open(www + "/npm/thing", "w").write(json.dumps({
    "name": "thing", "dist-tags": {"latest": "1.0.0"},
    "versions": {"1.0.0": {"name": "thing", "version": "1.0.0",
                           "dist": {"tarball": "http://ok.example/thing-1.0.0.tgz", "integrity": "sha512-" + digest}}}}))
P
