// Logs with winston-cloudwatch: LINES messages to STREAM of GROUP. The walk gives these and its keys in AWS's variables, and reads what arrived.
import winston from 'winston'
import WinstonCloudWatch from 'winston-cloudwatch'

const { GROUP: logGroupName, STREAM: logStreamName, LINES, AWS_REGION: awsRegion } = process.env
const errors = []
const transport = new WinstonCloudWatch({
  logGroupName, logStreamName, awsRegion, uploadRate: 50, messageFormatter: ({ level, message }) => `${level}: ${message}`, errorHandler: e => errors.push(e),
})
const logger = winston.createLogger({ transports: [transport] })
for (let i = 0; i < Number(LINES); i++) {
  logger.log(i % 7 ? 'info' : 'warn', `secret-line ${i} é`)
  await new Promise(resolve => setTimeout(resolve, 2)) // it keeps no order among events of one millisecond
}
await new Promise((resolve, reject) => transport.kthxbye(e => e ? reject(e) : resolve()))
for (const e of errors) console.error(`${e.name}: ${e.message}`)
process.exit(errors.length ? 1 : 0)
