# shellcheck shell=bash
# Worker threads on shared memory, child processes, files and renames across folders.
# needs: node

prepare() { :; }

inside() {
	mkdir -p one two
	cat >main.js <<-'TEXT'
	const { Worker } = require('worker_threads');
	const { execFileSync, fork } = require('child_process');
	const fs = require('fs');
	const counter = new Int32Array(new SharedArrayBuffer(4));
	const work = `const { workerData } = require('worker_threads');
		for (let i = 0; i < 1000; i++) Atomics.add(workerData, 0, 1);`;
	const workers = [...Array(4)].map(() => new Promise((done, failed) =>
		new Worker(work, { eval: true, workerData: counter }).on('exit', done).on('error', failed)));
	Promise.all(workers).then(() => {
		if (counter[0] !== 4000) throw new Error(`counted ${counter[0]}`);
		if (execFileSync('echo', ['child']).toString() !== 'child\n') throw new Error('child');
		fs.writeFileSync('one/file', 'text');
		fs.renameSync('one/file', 'two/file');
		fs.linkSync('two/file', 'one/link');
		const child = fork('child.js');
		child.on('message', (text) => { console.log(text); child.send('end'); });
	});
	TEXT
	echo "process.send('forked'); process.on('message', () => process.exit(0));" >child.js
	equal forked "$(node main.js)"
	test one/link -ef two/file
}
