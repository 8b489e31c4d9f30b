// Package golden writes golden files, or compares them with upstream's current answers.
package golden

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Files maps a path below the root to its content.
type Files map[string][]byte

// Write writes each file.
func (f Files) Write(root string) error {
	for path, content := range f {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Check prints to out how the files differ from the expected content.
func (f Files) Check(root string, out io.Writer) (same bool, err error) {
	same = true
	for _, path := range f.paths() {
		is, err := os.ReadFile(filepath.Join(root, path))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if err == nil && string(is) == string(f[path]) {
			continue
		}
		same = false
		fmt.Fprintf(out, "--- %s\n+++ upstream\n", path)
		diff(out, lines(string(is)), lines(string(f[path])))
	}
	return same, nil
}

// Strangers are the unexpected files below root/dir.
func (f Files) Strangers(root, dir string) ([]string, error) {
	var out []string
	entries, err := os.ReadDir(filepath.Join(root, dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if _, ok := f[path]; !ok {
			out = append(out, path)
		}
	}
	return out, err
}

func (f Files) paths() []string {
	var out []string
	for path := range f {
		out = append(out, path)
	}
	slices.Sort(out)
	return out
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

// diff prints the removed and added lines, each with its line number. Golden files are short, so a
// table of common subsequences suffices.
func diff(out io.Writer, is, want []string) {
	common := make([][]int, len(is)+1)
	for i := range common {
		common[i] = make([]int, len(want)+1)
	}
	for i := len(is) - 1; i >= 0; i-- {
		for j := len(want) - 1; j >= 0; j-- {
			if is[i] == want[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(is) || j < len(want); {
		switch {
		case i < len(is) && j < len(want) && is[i] == want[j]:
			i, j = i+1, j+1
		case j == len(want) || i < len(is) && common[i+1][j] >= common[i][j+1]:
			fmt.Fprintf(out, "%4d - %s\n", i+1, is[i])
			i++
		default:
			fmt.Fprintf(out, "%4d + %s\n", j+1, want[j])
			j++
		}
	}
}

// Main is the end of a program: write the files, or compare them and exit
// with 1 if they differ. Nothing else may be in dirs.
func (f Files) Main(root string, write bool, dirs ...string) {
	var strangers []string
	for _, dir := range dirs {
		more, err := f.Strangers(root, dir)
		exitOn(err)
		strangers = append(strangers, more...)
	}
	if write {
		exitOn(f.Write(root))
		for _, path := range strangers {
			exitOn(os.Remove(filepath.Join(root, path)))
		}
		fmt.Printf("%d files written, %d removed\n", len(f), len(strangers))
		return
	}
	same, err := f.Check(root, os.Stdout)
	exitOn(err)
	for _, path := range strangers {
		fmt.Printf("%s: upstream says nothing of this file\n", path)
	}
	if !same || len(strangers) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d files are what upstream says\n", len(f))
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
