// SPDX-License-Identifier: GPL-2.0
// A word that goes through two TCP sockets of one program; for xtcprun.sh.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

func main() {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go func() {
		c, _ := l.Accept()
		io.Copy(c, c)
		c.Close()
	}()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	raw, _ := c.(*net.TCPConn).SyscallConn()
	raw.Control(func(fd uintptr) {
		p, _ := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, 38)
		fmt.Println(p > 255)
	})
	c.Write([]byte("hello"))
	c.(*net.TCPConn).CloseWrite()
	b, _ := io.ReadAll(c)
	fmt.Println(string(b))
}
