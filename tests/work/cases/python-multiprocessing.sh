# shellcheck shell=bash
# unittest with a pool of processes, queues, semaphores and shared memory.
# needs: python3

prepare() {
	mkdir tests
	touch tests/__init__.py
	cat >tests/test_pool.py <<-'TEXT'
	import concurrent.futures
	import multiprocessing
	import multiprocessing.shared_memory
	import unittest


	def square(number):
	    return number * number


	def add(counter, lock):
	    for _ in range(100):
	        with lock:
	            counter.value += 1


	class Pool(unittest.TestCase):
	    def test_pool(self):
	        with multiprocessing.Pool(4) as pool:
	            self.assertEqual(pool.map(square, range(10)), [n * n for n in range(10)])

	    def test_spawn(self):
	        context = multiprocessing.get_context("spawn")
	        with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
	            self.assertEqual(list(pool.map(square, [2, 3])), [4, 9])

	    def test_lock(self):
	        lock, counter = multiprocessing.Lock(), multiprocessing.Value("i", 0)
	        workers = [multiprocessing.Process(target=add, args=(counter, lock)) for _ in range(4)]
	        for worker in workers:
	            worker.start()
	        for worker in workers:
	            worker.join()
	        self.assertEqual(counter.value, 400)

	    def test_manager(self):
	        with multiprocessing.Manager() as manager:
	            shared = manager.dict()
	            shared["key"] = 1
	            self.assertEqual(dict(shared), {"key": 1})

	    def test_shared_memory(self):
	        block = multiprocessing.shared_memory.SharedMemory(create=True, size=4096)
	        block.buf[0] = 7
	        again = multiprocessing.shared_memory.SharedMemory(block.name)
	        self.assertEqual(again.buf[0], 7)
	        again.close()
	        block.close()
	        block.unlink()
	TEXT
}

inside() {
	python3 -m unittest discover -v tests 2>log || { cat log && return 1; }
	grep -q '^Ran 5 tests' log
	grep -q '^OK' log
}
