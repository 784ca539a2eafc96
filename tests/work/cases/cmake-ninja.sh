# shellcheck shell=bash
# CMake's own probes of the compilers, then a build by ninja and its tests.
# needs: cmake ninja gcc g++

prepare() {
	cat >CMakeLists.txt <<-'TEXT'
	cmake_minimum_required(VERSION 3.16)
	project(sample C CXX)
	find_package(Threads REQUIRED)
	add_library(part SHARED part.c)
	add_executable(sample main.cc)
	target_link_libraries(sample part Threads::Threads)
	enable_testing()
	add_test(NAME runs COMMAND sample)
	install(TARGETS sample part)
	TEXT
	echo 'int part(void) { return 42; }' >part.c
	cat >main.cc <<-'TEXT'
	#include <thread>
	extern "C" int part(void);
	int main()
	{
		int seen = 0;
		std::thread worker([&] { seen = part(); });
		worker.join();
		return seen == 42 ? 0 : 1;
	}
	TEXT
}

inside() {
	cmake -G Ninja -S . -B out
	ninja -C out
	(cd out && ctest --output-on-failure)
	cmake --install out --prefix "$PWD/installed"
	test -x installed/bin/sample
}
