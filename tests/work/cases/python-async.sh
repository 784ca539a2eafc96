# shellcheck shell=bash
# asyncio with subprocesses, signals, timers, and notification of changed files.
# needs: python3

prepare() { :; }

inside() {
	python3 - <<-'TEXT'
	import asyncio, ctypes, mmap, os, select, signal, tempfile

	async def main():
	    child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
	    out, _ = await child.communicate(b"through a child")
	    assert out == b"through a child"
	    got = asyncio.Event()
	    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, got.set)
	    os.kill(os.getpid(), signal.SIGUSR1)
	    await asyncio.wait_for(got.wait(), 10)

	asyncio.run(main())

	libc = ctypes.CDLL(None, use_errno=True)
	watch = libc.inotify_init1(0)
	assert watch >= 0 and libc.inotify_add_watch(watch, b".", 0x100) >= 0
	open("noticed", "w").close()
	assert select.select([watch], [], [], 10)[0] and b"noticed" in os.read(watch, 4096)

	descriptor = os.memfd_create("memory")
	os.ftruncate(descriptor, 4096)
	assert mmap.mmap(descriptor, 4096)[0] == 0
	with open("mapped", "w+b") as mapped:
	    mapped.truncate(4096)
	    mmap.mmap(mapped.fileno(), 4096)[:4] = b"text"
	    assert open("mapped", "rb").read(4) == b"text"
	with tempfile.NamedTemporaryFile() as scratch, tempfile.TemporaryDirectory() as folder:
	    scratch.write(b"x")
	    os.mkdir(folder + "/below")
	pid = os.fork()
	if pid == 0:
	    os.setsid()
	    os._exit(3)
	assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
	TEXT
}
