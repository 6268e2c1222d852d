// SPDX-License-Identifier: GPL-2.0
// HTTP/1.0 on Rust's standard library: "serve ADDRESS:PORT DIRECTORY" or
// "get HOST:PORT PATH".

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::{env, fs, thread};

fn answer(mut s: TcpStream, dir: &str) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && s.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or("/");
    let body = fs::read(dir.to_string() + path)?;
    write!(s, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", body.len())?;
    s.write_all(&body)?;
    s.shutdown(Shutdown::Write)?;
    io::copy(&mut s, &mut io::sink())?;
    Ok(())
}

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().collect();
    if args[1] == "serve" {
        for s in TcpListener::bind(&args[2])?.incoming() {
            let (s, dir) = (s?, args[3].clone());
            thread::spawn(move || answer(s, &dir));
        }
    }
    let mut s = TcpStream::connect(&args[2])?;
    write!(s, "GET {} HTTP/1.0\r\n\r\n", args[3])?;
    let mut all = Vec::new();
    s.read_to_end(&mut all)?;
    let at = all.windows(4).position(|w| w == b"\r\n\r\n").map_or(all.len(), |at| at + 4);
    io::stdout().write_all(&all[at..])
}
