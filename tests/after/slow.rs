//! A long way to the server: what the client says arrives later, and even when it is dead by then.
//! Whoever stands at the way hears what is said.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// Opens a way to a port of this machine that takes this long; says behind which port, and what
/// clients say on it.
pub(crate) fn way(port: u16, delay: Duration) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = listener.local_addr().unwrap().port();
    let (tell, heard) = channel();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(server)) = (client, TcpStream::connect(("127.0.0.1", port))) else { continue };
            let (mut asking, mut answered) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let tell = tell.clone();
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(count @ 1..) = asking.read(&mut buffer) {
                    tell.send(String::from_utf8_lossy(&buffer[..count]).into_owned()).ok();
                    thread::sleep(delay);
                    if answered.write_all(&buffer[..count]).is_err() {
                        break;
                    }
                }
                // A server may drop a command that arrives together with the end of its connection.
                thread::sleep(delay);
                answered.shutdown(Shutdown::Write).ok();
            });
            thread::spawn(move || {
                let (mut from, mut to) = (server, client);
                copy(&mut from, &mut to).ok();
                to.shutdown(Shutdown::Both).ok();
            });
        }
    });
    (here, heard)
}
