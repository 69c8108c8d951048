console.log("layers: to come")
