// Verifies what `tacit audit prove` prints with the packages of Go's checksum database, which were written by others:
// golang.org/x/mod/sumdb/note opens the checkpoint, golang.org/x/mod/sumdb/tlog checks the proof.
//
//	stranger VERIFIER-KEY PROOF-FILE [CHECKPOINT-FILE]
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func refuse(what ...any) {
	fmt.Println(append([]any{"refused:"}, what...)...)
	os.Exit(1)
}

func must[T any](value T, err error) T {
	if err != nil {
		refuse(err)
	}
	return value
}

// The size and root of a checkpoint that is signed by this key.
func checkpoint(text string, key note.Verifier) (int64, tlog.Hash) {
	opened := must(note.Open([]byte(text), note.VerifierList(key)))
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != key.Name() {
		refuse("a checkpoint of another log")
	}
	return must(strconv.ParseInt(lines[1], 10, 64)), must(tlog.ParseHash(lines[2]))
}

func hashes(lines []string) []tlog.Hash {
	found := make([]tlog.Hash, 0, len(lines))
	for _, line := range lines {
		found = append(found, must(tlog.ParseHash(line)))
	}
	return found
}

func main() {
	key := must(note.NewVerifier(os.Args[1]))
	head, text, found := strings.Cut(string(must(os.ReadFile(os.Args[2]))), "\n\n")
	if !found {
		refuse("no proof")
	}
	size, root := checkpoint(text, key)
	lines := strings.Split(head, "\n")
	if len(os.Args) > 3 {
		older, olderRoot := checkpoint(string(must(os.ReadFile(os.Args[3]))), key)
		if lines[0] != fmt.Sprint("old ", older) {
			refuse("a proof from another size")
		}
		if err := tlog.CheckTree(hashes(lines[1:]), size, root, older, olderRoot); err != nil {
			refuse(err)
		}
		fmt.Println("the log of", size, "entries begins with those", older)
		return
	}
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		refuse("no tlog-proof of an entry")
	}
	entry := must(base64.StdEncoding.DecodeString(lines[1][len("extra "):]))
	index := must(strconv.ParseInt(lines[2][len("index "):], 10, 64))
	if err := tlog.CheckRecord(hashes(lines[3:]), size, root, index, tlog.RecordHash(entry)); err != nil {
		refuse(err)
	}
	fmt.Println("entry", index, "of", size)
}
